using System.Runtime.InteropServices;

namespace Kbus.Native;

/// <summary>A Ksock that a C program has open, and the message that it has borrowed from it.</summary>
internal sealed unsafe class OpenKsock(Ksock ksock)
{
    private readonly Lock _lock = new();
    private readonly PostedMessages _posted = new(ksock);
    private MessageBuffer? _lent;
    private NativeMessage* _lentHeader;

    /// <summary>The Ksock.</summary>
    public Ksock Ksock { get; } = ksock;

    /// <summary>Its bare level.</summary>
    public BareKsock Bare { get; } = ksock.Bare;

    /// <summary>Sends messages in their order; how many were sent.</summary>
    public int SendAll(ReadOnlySpan<nint> messages, Span<SendResult> results) => _posted.SendAll(messages, results);

    /// <summary>Takes the next message into the buffer that is lent.</summary>
    /// <param name="message">The message, pointy; valid until it is given back.</param>
    /// <returns>None, ENOMSG if there is none, ENODEV or EBADF.</returns>
    public Errno Borrow(out NativeMessage* message)
    {
        message = null;
        lock (_lock)
        {
            if ((Ksock.Mode & KsockMode.Read) == 0)
            {
                return Errno.EBADF;
            }

            _lent ??= MessageBuffer.Pinned();
            if (_lentHeader == null)
            {
                _lentHeader = (NativeMessage*)NativeMemory.AllocZeroed(NativeMessage.Size);
            }

            Errno error = Ksock.Take(_lent);
            if (error == Errno.None)
            {
                FillIn(_lent, _lentHeader);
                message = _lentHeader;
            }

            return error;
        }
    }

    /// <summary>Gives back what is lent, if anything.</summary>
    public void Release()
    {
        lock (_lock)
        {
            _lent?.Clear();
        }
    }

    /// <summary>Closes the Ksock.</summary>
    public void Close()
    {
        Ksock.Dispose();
        LetGo();
    }

    /// <summary>Lets go of a Ksock whose descriptor was closed by somebody else.</summary>
    public void Abandon()
    {
        Ksock.Abandon();
        LetGo();
    }

    private void LetGo()
    {
        lock (_lock)
        {
            _lent?.Dispose();
            _lent = null;
            NativeMemory.Free(_lentHeader);
            _lentHeader = null;
        }
    }

    /// <summary>Makes the header point at name and data where they lie, which do not move while they are lent.</summary>
    private static void FillIn(MessageBuffer lent, NativeMessage* header)
    {
        *header = default;
        header->StartGuard = NativeMessage.StartGuardValue;
        header->Id = lent.Id;
        header->InReplyTo = lent.InReplyTo;
        header->To = lent.To;
        header->From = lent.From;
        header->OrigFrom = lent.OrigFrom;
        header->FinalTo = lent.FinalTo;
        header->Flags = lent.Flags;
        header->NameLength = (uint)lent.Name.Length;
        header->DataLength = (uint)lent.Data.Length;
        header->NamePointer = Place(lent.Name);
        header->DataPointer = lent.Data.IsEmpty ? null : Place(lent.Data);
        header->EndGuard = NativeMessage.EndGuardValue;
    }

    private static byte* Place(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            return start;
        }
    }
}
