namespace Kbus.Core;

/// <summary>The message that a Ksock is reading: its entire form, given out in pieces of any size.</summary>
/// <remarks>After the last byte the message is gone. Source: spec section 7 (NEXTMSG, read, LENLEFT) with D4. One thread at a
/// time.</remarks>
internal sealed class MessageReading
{
    private StoredMessage? _message;
    private MessageFlags _flags;
    private int _position;

    /// <summary>Bytes of the current message that have not been read; 0 if there is none (D4).</summary>
    public int Left => _message is null ? 0 : _message.EntireLength - _position;

    /// <summary>Bytes of the current message, read or not; 0 if there is none.</summary>
    public int Length => _message?.EntireLength ?? 0;

    /// <summary>Makes this the current message, instead of any partly read one.</summary>
    /// <param name="delivered">The message; its reference passes to this object.</param>
    public void Begin(in DeliveredMessage delivered)
    {
        Drop();
        _message = delivered.Message;
        _flags = delivered.Flags;
    }

    /// <summary>Gives out the next bytes.</summary>
    /// <param name="target">Takes them.</param>
    /// <returns>The number of bytes; 0 if there is no current message or <paramref name="target"/> is empty.</returns>
    public int Read(Span<byte> target)
    {
        int count = Math.Min(Left, target.Length);
        if (count > 0)
        {
            _message!.CopyEntire(_position, target[..count], _flags);
            _position += count;
            if (Left == 0)
            {
                Drop();
            }
        }

        return count;
    }

    /// <summary>Forgets the current message.</summary>
    public void Drop()
    {
        _message?.Release();
        _message = null;
        _position = 0;
    }
}
