using System.Runtime.CompilerServices;
using Kbus.Hosts;

namespace Kbus;

/// <summary>The messages of a batch.</summary>
internal readonly struct BatchMessages(MessageBatch batch) : IOutgoingMessages
{
    /// <inheritdoc/>
    public int Count => batch.Count;

    /// <inheritdoc/>
    public bool AreChecked => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Errno TryGet(int index, out OutgoingMessage message)
    {
        ReadOnlySpan<byte> entire = batch.Look(index, out uint nameLength);
        message = new OutgoingMessage(entire, nameLength);
        return Errno.None;
    }
}
