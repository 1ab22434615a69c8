using System.Diagnostics;

namespace Kbus.Link;

/// <summary>The moments inside an operation of the bus at which the process on the other side of a link may act.</summary>
/// <remarks>
/// In truth it may act at any moment. Whatever it does then happens to shared memory alone, so the moments that matter are those around the bus's own
/// looks at it. A simulation, which has one thread, lets a member act there. Builds that ship do not contain the calls.
/// </remarks>
internal static class Interleaving
{
    [ThreadStatic]
    private static Action<bool>? _act;

    /// <summary>What this thread does at each such moment; null for nothing. True at a moment around a change of a ring's order or flags.</summary>
    public static Action<bool>? Act
    {
        get => _act;
        set => _act = value;
    }

    /// <summary>Such a moment.</summary>
    [Conditional("DEBUG")]
    public static void Here() => _act?.Invoke(false);

    /// <summary>Such a moment, around a change of a ring's order or flags. They are few, and what happens there matters most.</summary>
    [Conditional("DEBUG")]
    public static void AtChange() => _act?.Invoke(true);
}
