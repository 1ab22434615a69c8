using Kbus.Core;

namespace Kbus;

// All that waits, as a list or by foreach.
public sealed partial class Ksock
{
    /// <summary>Reads the messages that wait now, all of them. What comes meanwhile may be among them, or waits for the next call.</summary>
    /// <remarks>They have been read when this returns: whoever calls it owes the replies to the Requests in the list.</remarks>
    /// <returns>The messages in their order, of the classes that fit; empty if none waits.</returns>
    /// <exception cref="KbusException">EBADF (not opened for reading), ENODEV (the bus has died and all has been read).</exception>
    public IReadOnlyList<Message> ReadAvailable()
    {
        // Not until none waits any more: with a quick sender that might be never.
        long most = Math.Max(1, CountAvailable());
        var messages = new List<Message>();
        while (messages.Count < most && (messages.Count == 0 ? ReadNextMessage() : ReadFurtherMessage()) is { } message)
        {
            messages.Add(message);
        }

        return messages;
    }

    /// <summary>Lets <c>foreach</c> read messages, one for each round, until none waits. It may be done again, later, for what has come since.</summary>
    /// <remarks>
    /// A Ksock is no collection, since to look at its messages is to take them: whatever counts, prints or serializes collections finds
    /// none here. <see cref="ReadAvailable"/> gives one.
    /// </remarks>
    public MessageEnumerator GetEnumerator() => new(this);

    /// <summary>How many messages can be read at least, some of which another thread may wait for.</summary>
    private long CountAvailable()
    {
        ThrowIfClosed();

        // Whatever is wrong, reading says it. From a bus that has died nothing more comes, so all can be read.
        return _host.Ask(Setting.NumMessages, 0, out uint count) == Errno.None ? count : long.MaxValue;
    }

    /// <summary>Reads on, when messages have been read that must not be lost: what goes wrong now is told by the next call.</summary>
    private Message? ReadFurtherMessage()
    {
        MessageBuffer buffer = Borrow();
        try
        {
            return _host.TryTake(buffer) == Errno.None ? buffer.ToMessage() : null;
        }
        finally
        {
            GiveBack(buffer);
        }
    }
}
