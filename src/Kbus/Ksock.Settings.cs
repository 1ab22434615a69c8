using Kbus.Core;

namespace Kbus;

// What a Ksock or its bus can be asked for or told. Source: spec section 7.
public sealed partial class Ksock
{
    private const uint JustAsk = 0xFFFFFFFF;

    /// <summary>How many messages this Ksock's queue holds, replies still to come included.</summary>
    /// <exception cref="KbusException">ENODEV: the bus has died.</exception>
    public uint MaxMessages => Ask(Setting.MaxMessages, 0);

    /// <summary>How many messages wait to be read.</summary>
    /// <exception cref="KbusException">ENODEV: the bus has died.</exception>
    public uint NumMessages => Ask(Setting.NumMessages, 0);

    /// <summary>How many messages wait to be read before the next place where this Ksock missed some; all that wait, if it missed none.</summary>
    /// <remarks>
    /// A listener misses an announcement when its queue is full. From the first time that this is asked, the bus remembers the places. A
    /// reader that wants to know them reads so many messages and then asks by <see cref="TakeMissed"/>. Beyond the original.
    /// </remarks>
    /// <exception cref="KbusException">ENODEV: the bus has died.</exception>
    public uint NumMessagesUntilMissed => Ask(Setting.NumUntilMissed, 0);

    /// <summary>How many Requests this Ksock has read that it is to reply to and has not.</summary>
    /// <exception cref="KbusException">ENODEV: the bus has died.</exception>
    public uint NumUnrepliedTo => Ask(Setting.UnrepliedTo, 0);

    /// <summary>Whether a message that matches several of this Ksock's bindings comes only once.</summary>
    /// <exception cref="KbusException">ENODEV: the bus has died.</exception>
    public bool WantsMessagesOnce => Ask(Setting.OnlyOnce, JustAsk) != 0;

    /// <summary>Whether the bus announces the binding and unbinding of repliers.</summary>
    /// <exception cref="KbusException">ENODEV: the bus has died.</exception>
    public bool ReportsReplierBinds => Ask(Setting.ReportBinds, JustAsk) != 0;

    /// <summary>The bus's verbosity switch, which is kept for programs that ask and has no further effect.</summary>
    /// <exception cref="KbusException">ENODEV: the bus has died.</exception>
    public bool IsVerbose => Ask(Setting.Verbose, JustAsk) != 0;

    /// <summary>The greatest entire message that the bus accepts now, in bytes.</summary>
    /// <exception cref="KbusException">ENODEV: the bus has died.</exception>
    public uint MaxMessageSize => Ask(Setting.MaxMessageSize, 0);

    /// <summary>What <see cref="MaxMessageSize"/> may be set to at most, in bytes.</summary>
    /// <exception cref="KbusException">ENODEV: the bus has died.</exception>
    public uint AbsoluteMaxMessageSize => Ask(Setting.MaxMessageSize, 1);

    /// <summary>Sets how many messages this Ksock's queue holds. What waits already stays, even if it is more.</summary>
    /// <param name="count">The new limit; 0 only asks.</param>
    /// <returns>The limit in force.</returns>
    /// <exception cref="KbusException">ENODEV: the bus has died.</exception>
    public uint SetMaxMessages(uint count) => Ask(Setting.MaxMessages, count);

    /// <summary>How many messages this Ksock missed right before the next that it will read; see <see cref="NumMessagesUntilMissed"/>.</summary>
    /// <returns>The count, or 0. The bus tells it once.</returns>
    /// <exception cref="KbusException">ENODEV: the bus has died.</exception>
    public uint TakeMissed() => Ask(Setting.MissedHere, 0);

    /// <summary>Says whether a message that matches several of this Ksock's bindings is to come only once.</summary>
    /// <param name="onlyOnce">True for once.</param>
    /// <returns>What it was before.</returns>
    /// <exception cref="KbusException">ENODEV: the bus has died.</exception>
    public bool WantMessagesOnce(bool onlyOnce = true) => Ask(Setting.OnlyOnce, onlyOnce ? 1u : 0) != 0;

    /// <summary>Says whether the bus, for everybody, announces the binding and unbinding of repliers.</summary>
    /// <remarks>Switching it on also tells this Ksock of each replier that is bound already. Spec section 6.5.</remarks>
    /// <param name="report">True to announce.</param>
    /// <returns>What it was before.</returns>
    /// <exception cref="KbusException">EPERM (the policy denies it), EBUSY (it is on, but not all could be told to this Ksock), ENODEV (the bus has died).</exception>
    public bool ReportReplierBinds(bool report = true) => Ask(Setting.ReportBinds, report ? 1u : 0) != 0;

    /// <summary>Sets the bus's verbosity switch, which has no further effect.</summary>
    /// <param name="verbose">The switch.</param>
    /// <returns>What it was before.</returns>
    /// <exception cref="KbusException">EPERM (the policy denies it), ENODEV (the bus has died).</exception>
    public bool Verbose(bool verbose = true) => Ask(Setting.Verbose, verbose ? 1u : 0) != 0;

    /// <summary>Sets the greatest entire message that the bus accepts, for everybody.</summary>
    /// <param name="bytes">100 to <see cref="AbsoluteMaxMessageSize"/>; 0 only asks, 1 asks for the absolute maximum.</param>
    /// <returns>The value in force, in bytes; for 1, the absolute maximum.</returns>
    /// <exception cref="KbusException">EPERM (the policy denies it), EINVAL (out of range), ENODEV (the bus has died).</exception>
    public uint SetMaxMessageSize(uint bytes) => Ask(Setting.MaxMessageSize, bytes);

    /// <summary>The network id of the Limpet that carries messages by this Ksock; 0 if it is not a Limpet's.</summary>
    /// <exception cref="KbusException">ENODEV: the bus has died.</exception>
    public uint NetworkId => Ask(Setting.NetworkId, 0);

    /// <summary>Makes this Ksock a Limpet's, for as long as it is open: what it sends never comes back to itself, neither to listen to nor to
    /// reply to, and a Request or Reply that was only overheard on the other bus reaches listeners alone.</summary>
    /// <remarks>
    /// Overheard is a Request sent without WANT_YOU_TO_REPLY, and a Reply sent to Ksock 0. The message's own id is kept, as ever when it has a
    /// network id. Beyond the original, for who writes a Limpet; <c>Kbus.Limpet</c> is one.
    /// </remarks>
    /// <param name="networkId">The Limpet's network id: 1 or more.</param>
    /// <exception cref="KbusException">EPERM (the policy denies it), ENODEV (the bus has died).</exception>
    public void ActAsLimpet(uint networkId)
    {
        ArgumentOutOfRangeException.ThrowIfZero(networkId);
        _ = Ask(Setting.NetworkId, networkId);
    }

    /// <summary>Makes one more bus.</summary>
    /// <returns>Its number.</returns>
    /// <exception cref="KbusException">EPERM (the policy denies it), EINVAL (there are as many as there may be), EDQUOT (this process or its user has made its share), ENODEV (the bus has died).</exception>
    public uint NewDevice() => Ask(Setting.NewDevice, 0);

    private uint Ask(Setting setting, uint value)
    {
        ThrowIfClosed();
        Errno error = _host.Ask(setting, value, out uint result);
        if (error == Errno.EDQUOT)
        {
            throw Unless(Refusals.OfQuota(Quota(), "No bus was made.", Name, "set"));
        }

        return error == Errno.None ? result : throw Unless(Refusals.OfSetting(error, setting, value, Name));
    }
}
