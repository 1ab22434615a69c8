namespace Kbus.Core;

/// <summary>The numbers of a Ksock or its bus that can be read or set. Spec section 7.</summary>
internal enum Setting : ushort
{
    /// <summary>The queue limit: 0 asks, any other value sets.</summary>
    MaxMessages,

    /// <summary>Messages that wait.</summary>
    NumMessages,

    /// <summary>Requests read and not replied to.</summary>
    UnrepliedTo,

    /// <summary>0 off, 1 on, 0xFFFFFFFF asks; gives the previous value.</summary>
    OnlyOnce,

    /// <summary>Likewise, for the whole bus.</summary>
    Verbose,

    /// <summary>Likewise, for the whole bus.</summary>
    ReportBinds,

    /// <summary>0 asks, 1 asks for the absolute maximum, 100 up to that sets (bytes), for the whole bus.</summary>
    MaxMessageSize,

    /// <summary>0 asks, any other value makes the Ksock a Limpet's, with that network id. Beyond the original; see
    /// Operations/Overhear.cs.</summary>
    NetworkId,

    /// <summary>The network id of the Limpet whose Ksock has the id given; 0 if it is no Limpet's, or there is none. Beyond the
    /// original.</summary>
    NetworkIdOf,

    /// <summary>Makes another bus; gives its number. The host's business, not the bus's.</summary>
    NewDevice,

    /// <summary>The number of messages before the next place where listener copies were missed; all waiting messages, if there is none.
    /// Beyond the original.</summary>
    /// <remarks>Such places are kept from the first question on.</remarks>
    NumUntilMissed,

    /// <summary>The number of listener copies missed right before the next message; it is reported once. Beyond the original.</summary>
    MissedHere,

    /// <summary>The kind that was used up at the last EDQUOT (a <see cref="ChargeKind"/>) and the level of the share (a
    /// <see cref="ChargeLevel"/>, from bit 8 on). Beyond the original.</summary>
    QuotaRefused,

    /// <summary>How great that share was: a count, or bytes; 4294967295 if it was more. Beyond the original.</summary>
    QuotaLimit,
}
