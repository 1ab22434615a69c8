using System.Globalization;
using System.Text;
using Kbus.Core;

namespace Kbus.Device;

/// <summary>The content of the file <c>stats</c>: each bus, and its Ksocks, newest first. Spec section 9.2.</summary>
/// <remarks>A Ksock that is open over a link writes and reads its messages in its own process: of those parts nothing is known here.</remarks>
internal static class StatsReport
{
    // Space for outstanding requests begins with 16 and grows by an eighth, in the original's figures.
    private const int FirstCapacity = 16;
    private static readonly string[] PartNames = ["HDR", "NAME", "NPAD", "DATA", "DPAD", "FINAL"];

    /// <summary>Writes the report. The bus is left after each page, so that others wait for one page at most.</summary>
    public static byte[] Make(IReadOnlyList<DeviceBus> buses)
    {
        var text = new StringBuilder();
        foreach (DeviceBus bus in buses)
        {
            bus.Enter();
            try
            {
                Describe(text, bus.Number, bus.Bus);
            }
            finally
            {
                bus.Leave();
            }

            // Asking for the number of messages observes what the process has taken by itself.
            ReportPages.Read(bus, bus.Bus.KsocksByAge, ksock => bus.Bus.NumMessages(ksock), ksock => Describe(text, ksock));
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }

    private static void Describe(StringBuilder text, uint number, Bus bus)
    {
        string tragic = bus.IsLosingEvents ? "(gone tragic)" : string.Empty;
        text.Append(
            CultureInfo.InvariantCulture,
            $"dev {number,2}: next ksock {Next(bus.LastKsockId)} next msg {Next(bus.LastSerial)} unsent unbindings {bus.SetAsideCount}{tragic}\n");
    }

    private static void Describe(StringBuilder text, KsockState ksock)
    {
        KsockFile? file = (ksock.Carrier.Host as DeviceKsock)?.File;
        uint length = file?.Length ?? 0;
        uint read = length - (file?.LengthLeft ?? 0);
        bool isSending = ksock.Waiting is not null;
        (MessagePart part, int position, bool isComplete) = file?.Writing ?? default;
        if (isSending)
        {
            (part, position, isComplete) = (MessagePart.FinalGuard, MessageLayout.FinalGuardLength, true);
        }

        CultureInfo plain = CultureInfo.InvariantCulture;
        text.Append(
            plain,
            $"    ksock {ksock.Id} last msg {ksock.LastSent.NetworkId}:{ksock.LastSent.SerialNumber} queue {ksock.WaitingCount} of {ksock.MaxMessages}\n");
        text.Append(plain, $"      read byte {read} of {length}, wrote byte {position} of {PartNames[(int)part]} ");
        text.Append(plain, $"({(isComplete ? "" : "not ")}finished), {(isSending ? "" : "not ")}sending\n");
        text.Append(plain, $"      outstanding requests {ksock.Outstanding} (size {CapacityFor(ksock.MaxOutstanding)}, max {ksock.MaxOutstanding}), ");
        text.Append(plain, $"unsent replies {ksock.UnrepliedCount} (max {ksock.MaxUnreplied})\n");
    }

    /// <summary>The number that will be given next; 0 before the first, and 0 is skipped when they wrap.</summary>
    private static uint Next(uint last) => last == 0 ? 0 : last + 1;

    private static int CapacityFor(int most)
    {
        int capacity = FirstCapacity;
        while (capacity < most)
        {
            capacity += capacity / 8;
        }

        return capacity;
    }
}
