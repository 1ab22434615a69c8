using System.Runtime.CompilerServices;
using Kbus.Core;

namespace Kbus.Policy;

/// <summary>The way of one Ksock's operations into its bus. The policy is checked here and nowhere else.</summary>
/// <remarks>
/// <para>Links and device files both go this way, and so do Limpets, whose Ksocks are opened over links. Without a policy it costs one
/// comparison. With one, a Ksock that sends one name again and again pays for comparing the name.</para>
/// <para>What nobody needs a permission for has no method here: unbinding, taking messages, asking, closing. The bus's own messages
/// never come this way. A message that waits for room was admitted when it was sent, and is checked again when the policy changes.</para>
/// <para>Only a thread that may touch the bus calls: the bus's own thread, or the one inside its gate.</para>
/// </remarks>
internal sealed class Admission
{
    private const uint JustAskMaxMessageSize = 1;
    private const uint SwitchOn = 1;

    private readonly BusOperations _bus;
    private readonly DenialTell? _denied;
    private Permissions? _permissions;
    private byte[] _lastName = [];
    private int _lastLength;
    private Verdict _last;
    private uint _forbiddenLine;

    /// <summary>Makes the way into a bus.</summary>
    /// <param name="bus">The bus.</param>
    /// <param name="permissions">The permissions of the Ksock's owner; null if there is no policy.</param>
    /// <param name="denied">Called for each denial.</param>
    public Admission(BusOperations bus, Permissions? permissions, DenialTell? denied)
    {
        _bus = bus;
        _permissions = permissions;
        _denied = denied;
    }

    /// <summary>The permissions of the Ksock's owner; null if there is no policy.</summary>
    public Permissions? Permissions => _permissions;

    /// <summary>The line of the rule that denied the last operation that gave EPERM; 0 if no rule allowed it.</summary>
    public uint Line { get; private set; }

    /// <summary>From here on another policy counts, also for a message that waits for room.</summary>
    /// <param name="ksock">Whose way it is.</param>
    /// <param name="permissions">What its owner may do now.</param>
    public void Change(KsockState ksock, Permissions permissions)
    {
        _permissions = permissions;
        _lastLength = 0;
        if (ksock.Waiting is not { } message)
        {
            return;
        }

        Verdict verdict = permissions.Sending.Decide(message.Name);
        bool isReply = IsReplyOf(ksock, message);
        bool isForRequesterAlone = isReply && !verdict.IsAllowed && !permissions.Replying.Decide(message.Name).IsAllowed;
        bool isForbidden = !isReply && !verdict.IsAllowed;
        if (isForbidden)
        {
            // Its sender is told when it tries again, which it is made to do now.
            _forbiddenLine = verdict.Line;
        }

        _bus.JudgeWaiting(ksock, isForRequesterAlone, isForbidden);
    }

    /// <summary>Tries a waiting message again, as <see cref="Bus.Retry"/> does. With EPERM, which a change of the policy brings, the id's network id is <see cref="Line"/>.</summary>
    public Errno Retry(KsockState sender, out MessageId id)
    {
        Errno error = _bus.Retry(sender, out id);
        if (error == Errno.EPERM)
        {
            Line = _forbiddenLine;
            id = new MessageId(Line, 0);
        }

        return error;
    }

    /// <summary>Binds, as <see cref="Bus.Bind"/> does; EPERM if the policy denies it for the name, or for any name that the wildcard
    /// matches.</summary>
    public Errno Bind(KsockState ksock, ReadOnlySpan<byte> name, bool isReplier)
    {
        if (_permissions is { } permissions && MessageName.CheckBinding(name) == Errno.None)
        {
            Verdict verdict = (isReplier ? permissions.Replying : permissions.Listening).Decide(name);
            if (!verdict.IsAllowed)
            {
                _bus.Books.RecordRefusedBind(ksock, name, isReplier, Errno.EPERM);
                return Deny(ksock, isReplier ? PolicyAction.Reply : PolicyAction.Listen, name, verdict);
            }
        }

        return _bus.Bind(ksock, name, isReplier);
    }

    /// <summary>Sends, as <see cref="Bus.Send"/> does; EPERM if the policy denies it. With EPERM the id's network id is
    /// <see cref="Line"/>.</summary>
    /// <remarks>
    /// A Reply is never denied: the bus takes it only from the Ksock that owes it. But if its sender may neither send that name nor be
    /// bound to it as replier, listeners do not receive it. A message that is a Request and a Reply is a Request here.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Errno Send(KsockState sender, StoredMessage message, out MessageId id) =>
        _permissions is { } permissions ? SendIfAllowed(permissions, sender, message, out id) : _bus.Send(sender, message, out id);

    /// <summary>Asks for or sets a number, as <see cref="Bus.Ask"/> does; EPERM if the policy denies the change. Asking is never
    /// denied.</summary>
    public Errno Ask(KsockState ksock, Setting setting, uint value, out uint result)
    {
        PolicyAction? action = setting switch
        {
            Setting.MaxMessageSize when value > JustAskMaxMessageSize => PolicyAction.SetMaxMessageSize,
            Setting.Verbose when value <= SwitchOn => PolicyAction.SetVerbose,
            Setting.ReportBinds when value <= SwitchOn => PolicyAction.SetReportBinds,
            Setting.NetworkId when value != 0 => PolicyAction.UseNetworkId,
            _ => null,
        };
        if (action is { } change && MayNot(ksock, change) is var denied and not Errno.None)
        {
            result = Line;
            return denied;
        }

        return _bus.Ask(ksock, setting, value, out result);
    }

    /// <summary>Whether the Ksock's owner may make a bus (NEWDEVICE).</summary>
    /// <returns>None or EPERM.</returns>
    public Errno MakeBus(KsockState ksock) => MayNot(ksock, PolicyAction.MakeBus);

    private Errno MayNot(KsockState ksock, PolicyAction action)
    {
        Verdict verdict = _permissions?.Decide(action) ?? new Verdict(IsAllowed: true, 0);
        return verdict.IsAllowed ? Errno.None : Deny(ksock, action, default, verdict);
    }

    private Errno SendIfAllowed(Permissions permissions, KsockState sender, StoredMessage message, out MessageId id)
    {
        ReadOnlySpan<byte> name = message.Name;
        Verdict verdict = Decide(permissions, name);
        if (!verdict.IsAllowed && MessageName.IsSendable(name))
        {
            if (!IsReplyOf(sender, message))
            {
                Errno denied = Deny(sender, PolicyAction.Send, name, verdict);
                _bus.Books.RecordRefusal(sender, message, denied);
                message.Release();
                id = new MessageId(Line, 0);
                return denied;
            }

            message.IsForRequesterAlone = !permissions.Replying.Decide(name).IsAllowed;
        }

        return _bus.Send(sender, message, out id);
    }

    /// <summary>True for a Reply that the bus takes only from the Ksock that owes it.</summary>
    private static bool IsReplyOf(KsockState sender, StoredMessage message)
    {
        ref MessageHeader header = ref message.Header;
        return header.IsReply && !header.IsRequest && !(sender.IsLimpet && header.IsOverheard);
    }

    /// <summary>The policy's verdict on a name. If the name is the same as last time, so is the verdict.</summary>
    private Verdict Decide(Permissions permissions, ReadOnlySpan<byte> name)
    {
        if (_lastLength > 0 && name.SequenceEqual(_lastName.AsSpan(0, _lastLength)))
        {
            return _last;
        }

        Verdict verdict = permissions.Sending.Decide(name);
        if (_lastName.Length < name.Length)
        {
            _lastName = new byte[Math.Max(64, name.Length)];
        }

        name.CopyTo(_lastName);
        _lastLength = name.Length;
        _last = verdict;
        return verdict;
    }

    private Errno Deny(KsockState ksock, PolicyAction action, ReadOnlySpan<byte> name, Verdict verdict)
    {
        Line = verdict.Line;
        _denied?.Invoke(ksock.Carrier.Owner, ksock.Id, action, name, verdict);
        return Errno.EPERM;
    }
}
