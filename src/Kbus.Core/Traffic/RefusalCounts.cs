using System.Runtime.CompilerServices;

namespace Kbus.Core;

/// <summary>A count of refused sends for each errno that a send gives, and one for all others.</summary>
[InlineArray(Count)]
internal struct RefusalCounts
{
    /// <summary>The number of counts.</summary>
    public const int Count = 12;

    private ulong _first;

    /// <summary>The errnos that have a count of their own, in its order. The last count is for all others.</summary>
    public static ReadOnlySpan<Errno> Errors =>
    [
        Errno.EADDRNOTAVAIL, Errno.EBUSY, Errno.ENOLCK, Errno.EPIPE, Errno.ECONNREFUSED, Errno.EALREADY, Errno.EBADMSG, Errno.EPERM, Errno.EDQUOT,
        Errno.EMSGSIZE, Errno.ENOMEM,
    ];

    /// <summary>All refusals together.</summary>
    public readonly ulong Total
    {
        get
        {
            ulong total = 0;
            foreach (ulong count in this)
            {
                total += count;
            }

            return total;
        }
    }

    /// <summary>Counts one refusal.</summary>
    public void Add(Errno error)
    {
        int place = Errors.IndexOf(error);
        this[place < 0 ? Count - 1 : place]++;
    }
}
