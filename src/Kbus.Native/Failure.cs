using System.Runtime.InteropServices;
using System.Text;

namespace Kbus.Native;

/// <summary>Results as C has them: nothing that is thrown leaves the library, and what failed can be asked for in words.</summary>
/// <remarks>Every negative result of managed code comes from here or from <see cref="BareKsock"/>, and both record why in <see cref="FailedCall"/>.</remarks>
internal static unsafe class Failure
{
    [ThreadStatic]
    private static byte[]? _text;

    /// <summary>0, or the error as a negative number; what it was about has been recorded.</summary>
    public static int Recorded(Errno error) => -(int)error;

    /// <summary>A number, or the error as a negative one; what it was about has been recorded.</summary>
    public static int Recorded(Errno error, int value) => error == Errno.None ? value : -(int)error;

    /// <summary>0, or the error as a negative number.</summary>
    /// <param name="error">What the call came to.</param>
    /// <param name="operation">What was attempted, as <c>eng/errors.json</c> has it.</param>
    /// <param name="because">Which case of the error applies, by its key; null if the operation tells.</param>
    /// <param name="what">What happened, as sentences.</param>
    public static int Of(Errno error, string operation, string? because = null, string? what = null)
    {
        if (error != Errno.None)
        {
            FailedCall.OfThisThread.Call(error, operation, null, because, what);
        }

        return -(int)error;
    }

    /// <summary>The same for a call of a Ksock.</summary>
    public static int Of(Errno error, string operation, OpenKsock open, string? because = null, string? what = null)
    {
        if (error != Errno.None)
        {
            FailedCall.OfThisThread.Call(error, operation, open.Ksock.Name, because, what);
        }

        return -(int)error;
    }

    /// <summary>A number, or the error of a call that reads or waits as a negative one.</summary>
    public static int OfRead(Errno error, OpenKsock open, int value = 0)
    {
        if (error == Errno.None)
        {
            return value;
        }

        FailedCall.OfThisThread.Read(error, open.Ksock.Name);
        return -(int)error;
    }

    /// <summary>There is no open Ksock with that descriptor.</summary>
    public static int NoKsock(int descriptor) => Of(
        Errno.EBADF,
        "close",
        "closed",
        OpenKsocks.WasOfTheParent(descriptor)
            ? $"The Ksock with descriptor {descriptor} was opened by the process that forked this one, and is of use only there."
            : $"No open Ksock has the descriptor {descriptor}: it was closed, or was never a Ksock.");

    /// <summary>What an exception means as a negative errno.</summary>
    public static int Of(Exception exception)
    {
        switch (exception)
        {
            case KbusException refusal:
                FailedCall.OfThisThread.Told(refusal);
                return -(int)refusal.Errno;
            case ObjectDisposedException:
                return Of(Errno.EBADF, "close", "closed", "The Ksock was closed during the call.");
            case OutOfMemoryException:
                return Of(Errno.ENOMEM, "open");
            case NullReferenceException:
                return Of(Errno.EFAULT, "send", "memory");
            case ArgumentException:
                return Of(Errno.EINVAL, "set", "value");
            default:
                return Of(Errno.EIO, "", "library", $"The library came upon a fault of its own ({exception.GetType().Name}). What was asked for has not been done.");
        }
    }

    /// <summary>A null pointer was given to a function; nothing else was looked at.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_fault")]
    public static void Fault(byte* function) => FailedCall.OfThisThread.Call(
        Errno.EFAULT, "", null, "pointer", $"{Encoding.ASCII.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(function))} needs a pointer where it was given NULL. Nothing was done.");

    /// <summary><c>kbus_last_error</c>, of a thread whose last failed call has been in managed code.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_last_error")]
    public static byte* Text() => Keep(FailedCall.OfThisThread.Explain());

    /// <summary><c>kbus_msg_error_text</c>: the same for one message of a batch.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_msg_error_text")]
    public static byte* OfMessage(int ksock, byte* message, int number)
    {
        if (OpenKsocks.Find(ksock) is not { } open)
        {
            _ = NoKsock(ksock);
        }
        else if (Math.Abs((long)number) == (int)Errno.EREMOTEIO)
        {
            _ = open.Bare.GotStatus(message, default);
        }
        else
        {
            _ = open.Bare.NotSent((Errno)Math.Abs(Math.Max(number, -int.MaxValue)), message);
        }

        return Keep(FailedCall.OfThisThread.Explain());
    }

    /// <summary>A C string that stays where it is until this thread asks for another.</summary>
    private static byte* Keep(string text)
    {
        int length = Encoding.UTF8.GetByteCount(text);
        if (_text is not { } kept || kept.Length <= length)
        {
            _text = kept = GC.AllocateUninitializedArray<byte>(Math.Max(length + 1, 512), pinned: true);
        }

        kept[Encoding.UTF8.GetBytes(text, kept)] = 0;
        return (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(kept, 0);
    }
}
