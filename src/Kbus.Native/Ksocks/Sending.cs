using System.Runtime.InteropServices;

namespace Kbus.Native;

/// <summary>Writing, sending, discarding and waiting.</summary>
internal static unsafe class Sending
{
    /// <summary><c>kbus_ksock_write_msg</c>: exactly as many bytes as the form has.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_write_msg")]
    public static int WriteMessage(int ksock, byte* message)
    {
        try
        {
            return OpenKsocks.Find(ksock) is { } open
                ? Failure.Of(open.Bare.WriteWhole(message), "write", open)
                : Failure.NoKsock(ksock);
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_ksock_write_data</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_write_data")]
    public static int WriteData(int ksock, byte* data, nuint length)
    {
        try
        {
            return OpenKsocks.Find(ksock) is { } open
                ? Failure.Of(open.Bare.Write(new ReadOnlySpan<byte>(data, (int)Math.Min(length, int.MaxValue))), "write", open)
                : Failure.NoKsock(ksock);
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_ksock_send</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_send")]
    public static int Send(int ksock, MessageId* id)
    {
        try
        {
            if (OpenKsocks.Find(ksock) is not { } open)
            {
                return Failure.NoKsock(ksock);
            }

            Errno error = open.Bare.Send(out MessageId given);
            return Sent(error, given, id);
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_ksock_send_msg</c>: writing and sending in one step.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_send_msg")]
    public static int SendMessage(int ksock, byte* message, MessageId* id) => SendMessage(ksock, message, null, id);

    /// <summary><c>kbus_ksock_send_msg_timeout</c>: the same with a limit for a kbusd that stands still.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_send_msg_timeout")]
    public static int SendMessageInTime(int ksock, byte* message, int timeout, MessageId* id) =>
        SendMessage(ksock, message, Reading.Limit(timeout), id);

    private static int SendMessage(int ksock, byte* message, TimeSpan? timeout, MessageId* id)
    {
        try
        {
            if (OpenKsocks.Find(ksock) is not { } open)
            {
                return Failure.NoKsock(ksock);
            }

            Errno error = open.Bare.Send(message, timeout, out MessageId given);
            return Sent(error, given, id);
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_ksock_send_msgs</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_send_msgs")]
    public static int SendMessages(int ksock, nint* messages, uint count, SendResult* results)
    {
        try
        {
            return OpenKsocks.Find(ksock) is { } open
                ? open.Posted.SendAll(new ReadOnlySpan<nint>(messages, (int)count), new Span<SendResult>(results, (int)count))
                : Failure.NoKsock(ksock);
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_ksock_begin_msgs</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_begin_msgs")]
    public static int BeginMessages(int ksock, nint* messages, uint count)
    {
        try
        {
            return OpenKsocks.Find(ksock) is { } open
                ? Failure.Of(open.Posted.Begin(new ReadOnlySpan<nint>(messages, (int)count)), "begin", open)
                : Failure.NoKsock(ksock);
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_ksock_end_msgs</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_end_msgs")]
    public static int EndMessages(int ksock, SendResult* results, uint count)
    {
        try
        {
            if (OpenKsocks.Find(ksock) is not { } open)
            {
                return Failure.NoKsock(ksock);
            }

            Errno error = open.Posted.End(new Span<SendResult>(results, (int)count), out int sent);
            return error == Errno.None ? sent : Failure.Of(error, "end", open, error == Errno.EINVAL ? "value" : error == Errno.EINTR ? "still" : "batch");
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_ksock_request</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_request")]
    public static int Request(int ksock, byte* request, int timeout, NativeMessage** reply) => Request(ksock, request, timeout, reply, out _, out _);

    /// <summary><c>kbus_ksock_ask</c>: the same, where a Status is an error.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_ask")]
    public static int Ask(int ksock, byte* request, int timeout, NativeMessage** reply)
    {
        int result = Request(ksock, request, timeout, reply, out MessageKind kind, out OpenKsock? open);
        try
        {
            return result == 0 && kind == MessageKind.Status
                ? Failure.Recorded(open!.Bare.GotStatus((byte*)*reply, NativeMessage.NameBytes((NativeMessage*)request)))
                : result;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    private static int Request(int ksock, byte* request, int timeout, NativeMessage** reply, out MessageKind kind, out OpenKsock? open)
    {
        kind = default;
        open = null;
        try
        {
            open = OpenKsocks.Find(ksock);
            if (open is null)
            {
                return Failure.NoKsock(ksock);
            }

            *reply = null;
            Errno error = open.Request(request, Reading.Limit(timeout), out NativeMessage* answer, out kind);
            *reply = answer;
            return error is Errno.ETIMEDOUT
                ? Failure.Of(error, "call", open, "wait", $"No answer to {Refusals.Printable(NativeMessage.NameBytes((NativeMessage*)request))} came to {open.Ksock.Name} within {timeout} ms.")
                : error is Errno.EINTR or Errno.EINPROGRESS ? Failure.Of(error, "call", open, "still")
                : error == Errno.ENOMEM ? Failure.Of(error, "read", open) : Failure.Recorded(error);
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_ksock_discard</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_discard")]
    public static int Discard(int ksock)
    {
        try
        {
            return OpenKsocks.Find(ksock) is { } open
                ? Failure.Of(open.Bare.Discard(), "send", open)
                : Failure.NoKsock(ksock);
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_ksock_poll</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_poll")]
    public static int Poll(int ksock, uint* ready)
    {
        try
        {
            if (OpenKsocks.Find(ksock) is not { } open)
            {
                return Failure.NoKsock(ksock);
            }

            Errno error = open.Bare.Poll(out bool readable, out bool writable);
            *ready = (uint)Ready(readable, writable);
            return Failure.Of(error, "wait", open);
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_wait_for_message</c> and <c>kbus_wait_for_message_timeout</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_wait_for_message_timeout")]
    public static int Wait(int ksock, int waitFor, int timeout)
    {
        try
        {
            if (OpenKsocks.Find(ksock) is not { } open)
            {
                return Failure.NoKsock(ksock);
            }

            if ((waitFor & ~(Readable | Writable)) != 0 || waitFor == 0)
            {
                return Failure.Of(Errno.EINVAL, "wait", open, "value", $"{waitFor} is not KBUS_KSOCK_READABLE (1), KBUS_KSOCK_WRITABLE (2) or their sum.");
            }

            Errno error = open.Bare.Wait((waitFor & Readable) != 0, (waitFor & Writable) != 0, Reading.Limit(timeout), out bool readable, out bool writable);
            return error == Errno.None ? Ready(readable, writable) : Failure.Of(error, "wait", open);
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    private const int Readable = 1;
    private const int Writable = 2;

    private static int Ready(bool readable, bool writable) => (readable ? Readable : 0) | (writable ? Writable : 0);

    private static int Sent(Errno error, MessageId given, MessageId* id)
    {
        if (error is Errno.None or Errno.EAGAIN && id != null)
        {
            *id = given;
        }

        return Failure.Recorded(error);
    }
}
