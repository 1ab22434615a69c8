using System.Runtime.InteropServices;

namespace Kbus.Native;

/// <summary>Reading messages: into memory of the caller, or lent.</summary>
internal static unsafe class Reading
{
    /// <summary><c>kbus_ksock_next_msg</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_next_msg")]
    public static int NextMessage(int ksock, uint* length)
    {
        try
        {
            if (OpenKsocks.Find(ksock) is not { } open)
            {
                return Failure.NoKsock(ksock);
            }

            Errno error = open.Bare.NextMessage(out int entire);
            *length = (uint)entire;
            return Failure.OfRead(error, open, entire == 0 ? 0 : 1);
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_ksock_len_left</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_len_left")]
    public static int LengthLeft(int ksock, uint* length)
    {
        try
        {
            if (OpenKsocks.Find(ksock) is not { } open)
            {
                return Failure.NoKsock(ksock);
            }

            *length = (uint)open.Bare.LengthLeft;
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_ksock_read_data</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_read_data")]
    public static int ReadData(int ksock, byte* data, nuint count)
    {
        try
        {
            if (OpenKsocks.Find(ksock) is not { } open)
            {
                return Failure.NoKsock(ksock);
            }

            Errno error = open.Bare.Read(new Span<byte>(data, (int)Math.Min(count, int.MaxValue)), out int read);
            return Failure.OfRead(error, open, read);
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_ksock_read_msg</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_read_msg")]
    public static int ReadMessage(int ksock, NativeMessage** message, nuint length)
    {
        try
        {
            if (OpenKsocks.Find(ksock) is not { } open)
            {
                return Failure.NoKsock(ksock);
            }

            *message = null;
            return Read(open, message, (int)Math.Min(length, int.MaxValue));
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_ksock_read_next_msg</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_read_next_msg")]
    public static int ReadNextMessage(int ksock, NativeMessage** message)
    {
        try
        {
            if (OpenKsocks.Find(ksock) is not { } open)
            {
                return Failure.NoKsock(ksock);
            }

            *message = null;
            return ReadNext(open, message);
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_ksock_read_msgs</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_read_msgs")]
    public static int ReadMessages(int ksock, NativeMessage** messages, uint count)
    {
        try
        {
            if (OpenKsocks.Find(ksock) is not { } open)
            {
                return Failure.NoKsock(ksock);
            }

            int read = 0;
            while (read < count)
            {
                messages[read] = null;
                int result = ReadNext(open, messages + read);
                if (result < 0 && read == 0)
                {
                    return result;
                }

                if (result < 0 || messages[read] == null)
                {
                    break;
                }

                read++;
            }

            return read;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_ksock_borrow_msg</c>, a wait of no time for one message, and <c>kbus_ksock_wait_borrow_msgs</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_wait_borrow_msgs")]
    public static int Borrow(int ksock, int timeout, nint* messages, uint count)
    {
        try
        {
            if (OpenKsocks.Find(ksock) is not { } open)
            {
                return Failure.NoKsock(ksock);
            }

            if (count == 0)
            {
                return Failure.Of(Errno.EINVAL, "read", open, "value", "There is no room for a message: the count is 0.");
            }

            *messages = 0;
            Errno error = open.Lent.Borrow(Limit(timeout), new Span<nint>(messages, (int)Math.Min(count, int.MaxValue)), out int lent);
            return error == Errno.ENOMSG ? 0 : Failure.OfRead(error, open, lent);
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_ksock_wait_read_msg</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_wait_read_msg")]
    public static int WaitAndRead(int ksock, int timeout, NativeMessage** message)
    {
        try
        {
            if (OpenKsocks.Find(ksock) is not { } open)
            {
                return Failure.NoKsock(ksock);
            }

            Errno error = open.Read(Limit(timeout), out NativeMessage* read);
            *message = read;
            return error == Errno.ENOMSG ? 0 : Failure.OfRead(error, open, 1);
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_ksock_release_msg</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_ksock_release_msg")]
    public static int Release(int ksock)
    {
        try
        {
            if (OpenKsocks.Find(ksock) is not { } open)
            {
                return Failure.NoKsock(ksock);
            }

            open.Lent.GiveBack();
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary>A time in milliseconds, where less than nothing is for ever.</summary>
    public static TimeSpan? Limit(int timeout) => timeout < 0 ? null : TimeSpan.FromMilliseconds(timeout);

    /// <summary>Copies a message into memory of the caller's; null if there is none.</summary>
    public static NativeMessage* Copy(MessageBuffer source)
    {
        ReadOnlySpan<byte> entire = source.Entire;
        byte* copy = (byte*)CallersMemory.AllocateToFill((nuint)entire.Length);
        if (copy != null)
        {
            entire.CopyTo(new Span<byte>(copy, entire.Length));
        }

        return (NativeMessage*)copy;
    }

    private static int ReadNext(OpenKsock open, NativeMessage** message)
    {
        Errno error = open.Bare.ReadNext(&Making.TryAllocate, out byte* read);
        *message = (NativeMessage*)read;
        return Failure.OfRead(error, open);
    }

    /// <summary>Reads so many bytes of the current message.</summary>
    private static int Read(OpenKsock open, NativeMessage** message, int length)
    {
        // However few bytes are asked for, the caller looks at a header.
        int room = Math.Max(length, NativeMessage.Size);
        byte* copy = Making.TryAllocate(room);
        if (copy == null)
        {
            return Failure.OfRead(Errno.ENOMEM, open);
        }

        Errno error = open.Bare.Read(new Span<byte>(copy, length), out int read);
        if (error == Errno.None && read > 0)
        {
            *message = (NativeMessage*)copy;
            return 0;
        }

        CallersMemory.Free(copy);
        return error == Errno.None
            ? Failure.Of(Errno.EBADMSG, "read", open, "data", $"{open.Ksock.Name} has no message that is being read, or no more bytes of it.")
            : Failure.OfRead(error, open);
    }
}
