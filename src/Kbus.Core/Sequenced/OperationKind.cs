namespace Kbus.Core;

/// <summary>The kinds of operations, as they stand in logs: a number that was once given keeps its meaning.</summary>
internal enum OperationKind : byte
{
    /// <summary><see cref="Bus.Open"/>.</summary>
    Open = 1,

    /// <summary><see cref="Bus.Close"/>.</summary>
    Close = 2,

    /// <summary><see cref="Bus.Bind"/>.</summary>
    Bind = 3,

    /// <summary><see cref="Bus.Unbind"/>.</summary>
    Unbind = 4,

    /// <summary><see cref="Bus.Revoke"/>.</summary>
    Revoke = 5,

    /// <summary><see cref="Bus.FindReplier"/>.</summary>
    FindReplier = 6,

    /// <summary><see cref="Bus.Send"/>.</summary>
    Send = 7,

    /// <summary><see cref="Bus.Retry"/>.</summary>
    Retry = 8,

    /// <summary><see cref="Bus.Poll"/>.</summary>
    Poll = 9,

    /// <summary><see cref="Bus.Discard"/>.</summary>
    Discard = 10,

    /// <summary><see cref="Bus.Ask"/>.</summary>
    Ask = 11,

    /// <summary><see cref="Bus.Taken"/>.</summary>
    Taken = 12,

    /// <summary><see cref="Bus.NoteReleased"/>.</summary>
    Released = 13,

    /// <summary><see cref="Bus.TryReserve"/>.</summary>
    Reserve = 14,

    /// <summary><see cref="Bus.ReturnReserved"/>.</summary>
    ReturnReserved = 15,

    /// <summary><see cref="Bus.JudgeWaiting"/>.</summary>
    JudgeWaiting = 17,

    /// <summary><see cref="Bus.Withdraw"/>.</summary>
    Withdraw = 18,
}
