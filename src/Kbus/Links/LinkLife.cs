using System.Runtime.CompilerServices;
using Kbus.Link;
using Kbus.Linux;

namespace Kbus.Links;

/// <summary>One link's memory, socket and bell, and its life: open, then dead when the bus has gone, or lost when somebody else has closed
/// the socket; and disposed of.</summary>
/// <remarks>
/// <para>Invariant: between <see cref="TryEnter"/> and <see cref="Leave"/> the memory stays mapped and the descriptors open. Takes are not
/// counted: they hold
/// the take lock, under which the last call to leave frees everything (<see cref="OnUnused"/>).</para>
/// <para>It has no lock. Any thread may call.</para>
/// </remarks>
internal sealed class LinkLife
{
    // To ask the kernel takes a fifth of a microsecond, too much each time that somebody sleeps or looks in vain.
    private const int ChancesBetweenQuestions = 256;
    private int _chances;
    private volatile bool _isDead;
    private volatile bool _isDisposed;
    private volatile bool _isLost;
    private volatile string? _fault;
    private int _users;

    /// <summary>The life of a link that was just opened.</summary>
    public LinkLife(OpenedLink link)
    {
        Memory = link.Memory;
        Socket = link.Socket;
        Bell = link.Bell;
        Doorbell = new ClientDoorbell(Memory, Socket);
    }

    /// <summary>The memory that is shared with the bus.</summary>
    public SharedMemory Memory { get; }

    /// <summary>The socket, on which the bus rings. It ends when the bus dies.</summary>
    public Descriptor Socket { get; }

    /// <summary>The bell that rings the bus.</summary>
    public Descriptor Bell { get; }

    /// <summary>What this process wants to be rung for.</summary>
    public ClientDoorbell Doorbell { get; }

    /// <summary>Whether the socket is known to be somebody else's.</summary>
    public bool IsLostForSure => _isLost;

    /// <summary>Whether the bus has gone.</summary>
    public bool IsDead => _isDead;

    /// <summary>The fault of the library that has ended the link; null if none has.</summary>
    public string? Fault => _fault;

    /// <summary>Whether the Ksock is closed.</summary>
    public bool IsDisposed => _isDisposed;

    /// <summary>Called when the bus has died: by each thread that finds out.</summary>
    public Action OnDeath { get; set; } = static () => { };

    /// <summary>Called once, when the Ksock is closed and the last call has left.</summary>
    public Action OnUnused { get; set; } = static () => { };

    /// <summary>True for the one caller who is to close the Ksock.</summary>
    public bool BeginDisposing() => !Interlocked.Exchange(ref _isDisposed, true);

    /// <summary>The bus is known to have gone; <see cref="OnDeath"/> is not called.</summary>
    public void MarkDead() => _isDead = true;

    /// <summary>The bus has gone, or is not to be trusted any more.</summary>
    public void Die()
    {
        HangUp();
        OnDeath();
    }

    /// <summary>A fault of the library ends the link; <see cref="OnDeath"/> is not called. The bus answers what the Ksock owes.</summary>
    public void EndByFault(Exception fault)
    {
        // Before it is known to be dead: whoever finds that asks why.
        _fault ??= NameOf(fault);
        HangUp();
    }

    /// <summary>Whether the socket is known to be somebody else's, or turns out to be now that the bus has ended the link.</summary>
    public bool IsLost => _isLost || (Doorbell.HasEnded && !HasSocket());

    /// <summary>Whether the socket is still this link's; if not, it is given up. Asks the kernel.</summary>
    public bool HasSocket()
    {
        if (_isLost || Socket.IsOurs)
        {
            return !_isLost;
        }

        _isLost = true;
        _isDead = true;
        Socket.GiveUp();
        if (!Bell.IsSurelyOurs)
        {
            Bell.GiveUp();
        }

        return false;
    }

    /// <summary>Whether the socket is still this link's, for who comes here often: the kernel is asked if the bus has ended the link, and
    /// now and then.</summary>
    /// <remarks>Now and then, because the bus hears nothing of it as long as a forked child has the socket too.</remarks>
    public bool HasSocketStill() =>
        !IsLost && (++_chances % ChancesBetweenQuestions != 0 || HasSocket());

    /// <summary>Counts a call in. Until it leaves, the memory stays mapped.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryEnter()
    {
        // The host itself is one user, until it is disposed of.
        int users = Volatile.Read(ref _users);
        while (users >= 0 && !_isDisposed)
        {
            int seen = Interlocked.CompareExchange(ref _users, users + 1, users);
            if (seen == users)
            {
                return true;
            }

            users = seen;
        }

        return false;
    }

    /// <summary>Counts a call out, with its result. The last one after the host was disposed of lets go of everything.</summary>
    public T Leave<T>(T result)
    {
        if (Interlocked.Decrement(ref _users) < 0)
        {
            OnUnused();
        }

        return result;
    }

    /// <summary>What a call gets that cannot be carried out: closed by us or by somebody else, or the bus has gone.</summary>
    public Errno WhyNot() => _isDisposed || _isLost ? Errno.EBADF : Errno.ENODEV;

    /// <summary>What it is and where it came up, in one line.</summary>
    private static string NameOf(Exception fault)
    {
        string? where = fault.StackTrace?.AsSpan().Trim().ToString().Split('\n')[0].Trim();
        return $"{fault.GetType().Name}: {fault.Message.ReplaceLineEndings(" ")}{(where is null ? "" : $" ({where})")}";
    }

    private void HangUp()
    {
        _isDead = true;
        if (HasSocket())
        {
            _ = LibC.Shutdown(Socket.Number);
        }
    }
}
