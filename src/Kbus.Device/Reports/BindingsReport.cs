using System.Globalization;
using System.Text;
using Kbus.Core;

namespace Kbus.Device;

/// <summary>The content of the file <c>bindings</c>: for each bus a comment line, then its bindings, newest first. Spec section 9.1.</summary>
internal static class BindingsReport
{
    /// <summary>Writes the report; what is said of one bus is true of one moment.</summary>
    public static byte[] Make(IReadOnlyList<DeviceBus> buses)
    {
        var text = new StringBuilder();
        foreach (DeviceBus bus in buses)
        {
            text.Append("# <device> is bound to <Ksock-ID> in <process-PID> as <Replier|Listener> for <message-name>\n");
            bus.Enter();
            try
            {
                Describe(text, bus.Number, bus.Bus);
            }
            finally
            {
                // The bus was only read: a report that finds no memory is given up alone.
                bus.Leave();
            }
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }

    private static void Describe(StringBuilder text, uint number, Bus bus)
    {
        foreach (Binding binding in bus.Bindings)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"{number,3}: {binding.Ksock.Id,8} {binding.Ksock.Carrier.Owner.ProcessId,8}  {(binding.IsReplier ? 'R' : 'L')}  ");
            text.Append(Encoding.ASCII.GetString(binding.Name.Name)).Append('\n');
        }
    }
}
