namespace Kbus.Core;

// Questions and settings of one Ksock and of the bus. Spec section 7.
internal sealed partial class Bus
{
    private const uint JustAsk = 0xFFFFFFFF;
    private const uint SmallestMaxMessageSize = 100;

    /// <summary>Greatest entire message that is accepted, in bytes (MAXMSGSIZE). Looked at when a header is complete.</summary>
    public uint MaxMessageSize { get; private set; }

    /// <summary>What <see cref="MaxMessageSize"/> may be set to at most, in bytes.</summary>
    public uint AbsoluteMaxMessageSize => _options.AbsoluteMaxMessageSize;

    /// <summary>The bus's verbosity switch (VERBOSE): stored and returned, with no further effect.</summary>
    public bool IsVerbose { get; private set; }

    /// <summary>Asks for, or sets, one number.</summary>
    /// <param name="ksock">The Ksock that asks.</param>
    /// <param name="setting">Which; not <see cref="Setting.NewDevice"/>, which a single bus cannot do.</param>
    /// <param name="value">The argument; ignored where there is none.</param>
    /// <param name="result">The number given back.</param>
    /// <returns>None, EINVAL or EBUSY.</returns>
    public override Errno Ask(KsockState ksock, Setting setting, uint value, out uint result)
    {
        Errno error = Answer(ksock, setting, value, out result);
        if (Observer is not null && IsChange(setting, value))
        {
            Observer.Set(ksock, setting, value, error);
        }

        return error;
    }

    /// <summary>True if a question with this value would change the setting.</summary>
    private static bool IsChange(Setting setting, uint value) => setting switch
    {
        Setting.MaxMessages or Setting.NetworkId => value != 0,
        Setting.OnlyOnce or Setting.Verbose or Setting.ReportBinds => value != JustAsk,
        Setting.MaxMessageSize => value > 1,
        _ => false,
    };

    private Errno Answer(KsockState ksock, Setting setting, uint value, out uint result)
    {
        result = 0;
        switch (setting)
        {
            case Setting.MaxMessages:
                result = MaxMessages(ksock, value);
                return Errno.None;
            case Setting.NumMessages:
                result = NumMessages(ksock);
                return Errno.None;
            case Setting.UnrepliedTo:
                result = UnrepliedTo(ksock);
                return Errno.None;
            case Setting.OnlyOnce:
                return OnlyOnce(ksock, value, out result);
            case Setting.Verbose:
                return Verbose(value, out result);
            case Setting.ReportBinds:
                return ReportReplierBinds(ksock, value, out result);
            case Setting.MaxMessageSize:
                return LimitMessageSize(value, out result);
            case Setting.NetworkId:
                ksock.NetworkId = value == 0 ? ksock.NetworkId : value;
                result = ksock.NetworkId;
                return Errno.None;
            case Setting.NetworkIdOf:
                result = FindKsock(value)?.NetworkId ?? 0;
                return Errno.None;
            case Setting.NumUntilMissed:
                Observe(ksock);
                result = (uint)(ksock.MissedPlaces ??= new MissedPlaces()).Before(ksock);
                return Errno.None;
            case Setting.MissedHere:
                Observe(ksock);
                result = ksock.MissedPlaces?.Take(ksock) ?? 0;
                return Errno.None;
            case Setting.QuotaRefused:
                result = ksock.Refusal.Word;
                return Errno.None;
            case Setting.QuotaLimit:
                result = ksock.Refusal.LimitWord;
                return Errno.None;
            default:
                return Errno.EINVAL;
        }
    }

    /// <summary>Sets or asks for the queue limit (MAXMSGS).</summary>
    /// <param name="ksock">Whose limit.</param>
    /// <param name="request">0 to ask, otherwise the new limit.</param>
    /// <returns>The limit in force.</returns>
    public uint MaxMessages(KsockState ksock, uint request)
    {
        if (request != 0)
        {
            ksock.MaxMessages = request;
            RoomMade(ksock);
        }

        Finish();
        return ksock.MaxMessages;
    }

    /// <summary>Messages that wait, set-aside events included (NUMMSGS).</summary>
    public uint NumMessages(KsockState ksock)
    {
        Observe(ksock);
        Finish();
        return (uint)(ksock.Queue.Count + ksock.SetAside.Count);
    }

    /// <summary>Requests that this Ksock has read and not replied to (UNREPLIEDTO).</summary>
    public uint UnrepliedTo(KsockState ksock)
    {
        Observe(ksock);
        Finish();
        return ksock.UnrepliedCount;
    }

    /// <summary>Switches or asks whether a message that matches several bindings comes only once (MSGONLYONCE).</summary>
    /// <param name="ksock">Whose setting.</param>
    /// <param name="request">0 off, 1 on, 0xFFFFFFFF ask.</param>
    /// <param name="previous">The previous value: 0 or 1.</param>
    /// <returns>None or EINVAL.</returns>
    public static Errno OnlyOnce(KsockState ksock, uint request, out uint previous)
    {
        bool onlyOnce = ksock.OnlyOnce;
        Errno error = Switch(request, ref onlyOnce, out previous);
        ksock.OnlyOnce = onlyOnce;
        return error;
    }

    /// <summary>Switches or asks for the bus's verbosity (VERBOSE).</summary>
    /// <param name="request">0 off, 1 on, 0xFFFFFFFF ask.</param>
    /// <param name="previous">The previous value: 0 or 1.</param>
    /// <returns>None or EINVAL.</returns>
    public Errno Verbose(uint request, out uint previous)
    {
        bool verbose = IsVerbose;
        Errno error = Switch(request, ref verbose, out previous);
        IsVerbose = verbose;
        return error;
    }

    /// <summary>Sets or asks for the greatest message size (MAXMSGSIZE).</summary>
    /// <param name="request">0 asks for the current one, 1 for the absolute maximum, 100 up to that sets it (bytes).</param>
    /// <param name="value">The answer.</param>
    /// <returns>None or EINVAL.</returns>
    public Errno LimitMessageSize(uint request, out uint value)
    {
        value = request == 1 ? AbsoluteMaxMessageSize : MaxMessageSize;
        if (request is 0 or 1)
        {
            return Errno.None;
        }

        if (request < SmallestMaxMessageSize || request > AbsoluteMaxMessageSize)
        {
            return Errno.EINVAL;
        }

        MaxMessageSize = request;
        value = request;
        return Errno.None;
    }

    private static Errno Switch(uint request, ref bool setting, out uint previous)
    {
        previous = setting ? 1u : 0u;
        switch (request)
        {
            case 0:
            case 1:
                setting = request == 1;
                return Errno.None;
            case JustAsk:
                return Errno.None;
            default:
                return Errno.EINVAL;
        }
    }
}
