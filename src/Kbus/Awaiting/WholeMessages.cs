using System.Runtime.CompilerServices;
using Kbus.Hosts;

namespace Kbus;

/// <summary>Messages in a program's memory, pointy or entire, which stay as they are until they have been posted.</summary>
/// <param name="bare">Whose messages.</param>
/// <param name="messages">Where each is; readable as far as its lengths say.</param>
/// <param name="count">How many they are.</param>
/// <param name="mostBytes">The bus's limit of message size.</param>
internal readonly unsafe struct WholeMessages(BareKsock bare, nint* messages, int count, uint mostBytes) : IOutgoingMessages
{
    private readonly nint* _messages = messages;

    /// <inheritdoc/>
    public int Count => count;

    /// <inheritdoc/>
    public bool AreChecked => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Errno TryGet(int index, out OutgoingMessage message)
    {
        var at = (byte*)_messages[index];
        Errno error = bare.CheckWhole(at, mostBytes, out WholeMessage whole);
        message = error != Errno.None ? default : whole.ToSend(at);
        return error;
    }
}
