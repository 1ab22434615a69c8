namespace Kbus.Core;

/// <summary>The numbers that a Ksock or its bus can be asked for or told. Spec section 7.</summary>
internal enum Setting : ushort
{
    /// <summary>The queue limit: 0 asks, anything else sets.</summary>
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

    /// <summary>0 asks, anything else makes the Ksock a Limpet's, of that network id. Beyond the original; see Operations/Overhear.cs.</summary>
    NetworkId,

    /// <summary>The network id of the Limpet whose Ksock has the id given; 0 if it is no Limpet's, or there is none. Beyond the original.</summary>
    NetworkIdOf,

    /// <summary>Makes another bus; gives its number. The host's business, not the bus's.</summary>
    NewDevice,

    /// <summary>How many messages wait before the next place where listener copies were missed; all that wait, if there is none. Beyond the original.</summary>
    /// <remarks>Such places are kept from the first question on.</remarks>
    NumUntilMissed,

    /// <summary>How many listener copies were missed right before the message that comes next; that is told once. Beyond the original.</summary>
    MissedHere,

    /// <summary>What was used up when something was last refused with EDQUOT (a <see cref="ChargeKind"/>), and whose share it was (a <see cref="ChargeLevel"/>, from bit 8 on). Beyond the original.</summary>
    QuotaRefused,

    /// <summary>How great that share was: a count, or bytes; 4294967295 if it was more. Beyond the original.</summary>
    QuotaLimit,
}
