namespace Kbus.Core;

/// <summary>Why something was refused with EDQUOT: what is used up, whose share it is, and how great that share is now.</summary>
/// <param name="Kind">The kind that is used up.</param>
/// <param name="Level">Whose share.</param>
/// <param name="Limit">The share: a count, or bytes.</param>
internal readonly record struct QuotaRefusal(ChargeKind Kind, ChargeLevel Level, long Limit);
