using System.Runtime.CompilerServices;

namespace Kbus.Device;

/// <summary>One ioctl on its way: who calls, with which argument, and the ways to answer.</summary>
/// <remarks>
/// The kernel has copied the first 8 bytes of the argument where the command's code says that there are some. A u32 is answered with
/// exactly 4 bytes: the codes speak of 8, and the caller may keep something else in the other 4.
/// </remarks>
internal readonly unsafe struct IoctlRequest(nint request, ulong argument, byte* input, nuint inputSize)
{
    /// <summary>Who calls.</summary>
    public ref FuseCaller Caller => ref *LibFuse.Caller(request);

    /// <summary>Where the argument is in the caller's memory.</summary>
    public ulong Argument => argument;

    /// <summary>The first word of the argument.</summary>
    public uint FirstWord => Word(0);

    /// <summary>The second word of the argument.</summary>
    public uint SecondWord => Word(sizeof(uint));

    /// <summary>Answers with success or an error, and nothing else.</summary>
    public void Reply(Errno error)
    {
        if (error == Errno.None)
        {
            _ = LibFuse.ReplyIoctl(request, 0, null, 0);
        }
        else
        {
            _ = LibFuse.ReplyError(request, (int)error);
        }
    }

    /// <summary>Answers with a number, or with an error.</summary>
    public void Reply(Errno error, uint value, int result = 0)
    {
        if (error == Errno.None)
        {
            _ = LibFuse.ReplyIoctl(request, result, &value, sizeof(uint));
        }
        else
        {
            _ = LibFuse.ReplyError(request, (int)error);
        }
    }

    /// <summary>Answers with a message id; EAGAIN has one too, since the message has got it and waits.</summary>
    public void Reply(Errno error, MessageId id)
    {
        if (error is Errno.None or Errno.EAGAIN)
        {
            _ = LibFuse.ReplyIoctl(request, -(int)error, &id, (nuint)sizeof(MessageId));
        }
        else
        {
            _ = LibFuse.ReplyError(request, (int)error);
        }
    }

    private uint Word(int offset) =>
        inputSize >= (nuint)(offset + sizeof(uint)) ? Unsafe.ReadUnaligned<uint>(input + offset) : 0;
}
