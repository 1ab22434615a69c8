using Kbus.Core;
using Kbus.Hosts;

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
    public override Errno PostOne(int index, KsockHost host)
    {
        var message = (byte*)_messages[index];
        Errno error = bare.CheckWhole(message, _mostBytes, out WholeMessage whole);
        return error != Errno.None ? error
            : whole.IsPointy ? host.PostOne(this, *(MessageHeader*)message, whole.NameOf(message), whole.DataOf(message))
            : host.PostOne(this, whole.Entire(message), whole.NameLength);
    }
}
