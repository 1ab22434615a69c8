using Kbus.Core;

namespace Kbus;

/// <summary>Messages that lie in the caller's memory, pointy or entire, on their way together.</summary>
internal sealed unsafe class WholeRun(BareKsock bare) : SendRun
{
    private nint* _messages;
    private int _count;
    private uint _mostBytes;

    /// <inheritdoc/>
    public override int Count => _count;

    /// <summary>Takes the messages to be posted next, which stay where they are until then.</summary>
    /// <param name="messages">Where each is; readable as far as its lengths say.</param>
    /// <param name="count">How many they are.</param>
    /// <param name="mostBytes">The bus's limit of message size.</param>
    public void Take(nint* messages, int count, uint mostBytes)
    {
        _messages = messages;
        _count = count;
        _mostBytes = mostBytes;
        Begin();
    }

    /// <inheritdoc/>
    public override Errno Look(int index, out MessageHeader header, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> data)
    {
        var message = (byte*)_messages[index];
        header = *(MessageHeader*)message;
        return bare.CheckWhole(message, _mostBytes, out name, out data);
    }
}
