using System.Runtime.InteropServices;

namespace Kbus.Native;

/// <summary>Asking Ksocks and buses for numbers, and setting them.</summary>
internal static unsafe class Settings
{
    /// <summary><c>kbus_ksock_id</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_id")]
    public static int Id(int ksock, uint* id)
    {
        try
        {
            if (OpenKsocks.Find(ksock) is not { } open)
            {
                return Failure.NoKsock(ksock);
            }

            *id = open.Ksock.Id;
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_ksock_last_msg_id</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_last_msg_id")]
    public static int LastMessageId(int ksock, MessageId* value)
    {
        try
        {
            if (OpenKsocks.Find(ksock) is not { } open)
            {
                return Failure.NoKsock(ksock);
            }

            Errno error = open.Bare.LastSent(out MessageId answer);
            if (error == Errno.None)
            {
                *value = answer;
            }

            return Failure.Of(error, "set", open);
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_ksock_max_messages</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_max_messages")]
    public static int MaxMessages(int ksock, uint* value)
    {
        try
        {
            if (OpenKsocks.Find(ksock) is not { } open)
            {
                return Failure.NoKsock(ksock);
            }

            Errno error = open.Bare.MaxMessages(*value, out uint answer);
            if (error == Errno.None)
            {
                *value = answer;
            }

            return Failure.Recorded(error);
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_ksock_num_messages</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_num_messages")]
    public static int NumMessages(int ksock, uint* value)
    {
        try
        {
            if (OpenKsocks.Find(ksock) is not { } open)
            {
                return Failure.NoKsock(ksock);
            }

            Errno error = open.Bare.NumMessages(out uint answer);
            if (error == Errno.None)
            {
                *value = answer;
            }

            return Failure.Recorded(error);
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_ksock_num_unreplied_to</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_num_unreplied_to")]
    public static int NumUnrepliedTo(int ksock, uint* value)
    {
        try
        {
            if (OpenKsocks.Find(ksock) is not { } open)
            {
                return Failure.NoKsock(ksock);
            }

            Errno error = open.Bare.UnrepliedTo(out uint answer);
            if (error == Errno.None)
            {
                *value = answer;
            }

            return Failure.Recorded(error);
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_ksock_only_once</c>: the previous value (D16).</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_only_once")]
    public static int OnlyOnce(int ksock, uint request)
    {
        try
        {
            if (OpenKsocks.Find(ksock) is not { } open)
            {
                return Failure.NoKsock(ksock);
            }

            Errno error = open.Bare.OnlyOnce(request, out uint previous);
            return Failure.Recorded(error, (int)previous);
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_ksock_report_replier_binds</c>: the previous value (D16).</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_report_replier_binds")]
    public static int ReportReplierBinds(int ksock, uint request)
    {
        try
        {
            if (OpenKsocks.Find(ksock) is not { } open)
            {
                return Failure.NoKsock(ksock);
            }

            Errno error = open.Bare.ReportReplierBinds(request, out uint previous);
            return Failure.Recorded(error, (int)previous);
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_ksock_kernel_module_verbose</c>: the previous value (D16).</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_kernel_module_verbose")]
    public static int Verbose(int ksock, uint request)
    {
        try
        {
            if (OpenKsocks.Find(ksock) is not { } open)
            {
                return Failure.NoKsock(ksock);
            }

            Errno error = open.Bare.Verbose(request, out uint previous);
            return Failure.Recorded(error, (int)previous);
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_ksock_max_message_size</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_max_message_size")]
    public static int MaxMessageSize(int ksock, uint* value)
    {
        try
        {
            if (OpenKsocks.Find(ksock) is not { } open)
            {
                return Failure.NoKsock(ksock);
            }

            Errno error = open.Bare.MaxMessageSize(*value, out uint answer);
            if (error == Errno.None)
            {
                *value = answer;
            }

            return Failure.Recorded(error);
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_ksock_new_device</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_new_device")]
    public static int NewDevice(int ksock, uint* value)
    {
        try
        {
            if (OpenKsocks.Find(ksock) is not { } open)
            {
                return Failure.NoKsock(ksock);
            }

            Errno error = open.Bare.NewDevice(out uint answer);
            if (error == Errno.None)
            {
                *value = answer;
            }

            return Failure.Recorded(error);
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }
}
