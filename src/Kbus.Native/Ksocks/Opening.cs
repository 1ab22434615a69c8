using System.Globalization;
using System.Runtime.InteropServices;

namespace Kbus.Native;

/// <summary>Opening, closing and binding Ksocks.</summary>
internal static unsafe class Opening
{
    /// <summary><c>kbus_ksock_open</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_open")]
    public static int Open(uint device, int flags)
    {
        try
        {
            return Open(device, (OpenFlags)flags);
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_ksock_open_by_name</c>: a bus by the name of its device file.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_open_by_name")]
    public static int OpenByName(byte* name, int flags)
    {
        try
        {
            return IsDeviceFile(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name), out uint device)
                ? Open(device, (OpenFlags)flags)
                : Failure.Of(
                    Errno.ENOENT,
                    "open",
                    "bus",
                    $"No bus has a device file of the name \"{Refusals.Printable(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name))}\"; that of bus 0 is /dev/kbus0.");
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_interrupt_after</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_interrupt_after")]
    public static int InterruptAfter(int milliseconds)
    {
        OpenKsocks.InterruptAfter(milliseconds);
        return 0;
    }

    /// <summary><c>kbus_ksock_close</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_close")]
    public static int Close(int ksock)
    {
        try
        {
            return OpenKsocks.Close(ksock) ? 0 : Failure.NoKsock(ksock);
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_ksock_bind</c> and <c>kbus_ksock_bind_n</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_bind_n")]
    public static int Bind(int ksock, byte* name, nuint length, uint isReplier)
    {
        try
        {
            return OpenKsocks.Find(ksock) is { } open
                ? Failure.Recorded(open.Bare.Bind(new ReadOnlySpan<byte>(name, (int)Math.Min(length, int.MaxValue)), isReplier != 0))
                : Failure.NoKsock(ksock);
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_ksock_unbind</c> and <c>kbus_ksock_unbind_n</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_unbind_n")]
    public static int Unbind(int ksock, byte* name, nuint length, uint isReplier)
    {
        try
        {
            return OpenKsocks.Find(ksock) is { } open
                ? Failure.Recorded(open.Bare.Unbind(new ReadOnlySpan<byte>(name, (int)Math.Min(length, int.MaxValue)), isReplier != 0))
                : Failure.NoKsock(ksock);
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_ksock_find_replier</c> and <c>kbus_ksock_find_replier_n</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_find_replier_n")]
    public static int FindReplier(int ksock, byte* name, nuint length, uint* id)
    {
        try
        {
            if (OpenKsocks.Find(ksock) is not { } open)
            {
                return Failure.NoKsock(ksock);
            }

            Errno error = open.Bare.FindReplier(new ReadOnlySpan<byte>(name, (int)Math.Min(length, int.MaxValue)), out uint replier);
            *id = replier;
            return Failure.Recorded(error);
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    private static ReadOnlySpan<byte> DeviceFile => "/dev/kbus"u8;

    /// <summary>Whether it is the name of a bus's device file: there is one such name for each number, and <c>/dev/kbus00</c> is none.</summary>
    private static bool IsDeviceFile(ReadOnlySpan<byte> path, out uint device)
    {
        device = 0;
        ReadOnlySpan<byte> number = path.StartsWith(DeviceFile) ? path[DeviceFile.Length..] : default;
        return (number.Length == 1 || !number.StartsWith("0"u8)) && uint.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out device);
    }

    private static int Open(uint device, OpenFlags flags) => (flags & OpenFlags.AccessMode) switch
    {
        OpenFlags.ReadOnly => OpenKsocks.Open(device, KsockMode.Read),
        OpenFlags.WriteOnly => OpenKsocks.Open(device, KsockMode.Write),
        OpenFlags.ReadWrite => OpenKsocks.Open(device, KsockMode.ReadWrite),
        _ => Failure.Of(Errno.EINVAL, "open", "value", "A Ksock is opened with O_RDONLY, O_WRONLY or O_RDWR."),
    };

    /// <summary>The flags of open that count: those of <c>fcntl.h</c>.</summary>
    [Flags]
    private enum OpenFlags
    {
        ReadOnly = 0,
        WriteOnly = 1,
        ReadWrite = 2,
        AccessMode = 3,
    }
}
