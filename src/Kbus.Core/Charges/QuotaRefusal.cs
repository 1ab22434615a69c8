namespace Kbus.Core;

/// <summary>Why something was refused with EDQUOT: what is used up, whose share it is, and how great that share is now.</summary>
/// <param name="Kind">The kind that is used up.</param>
/// <param name="Level">Whose share.</param>
/// <param name="Limit">The share: a count, or bytes.</param>
internal readonly record struct QuotaRefusal(ChargeKind Kind, ChargeLevel Level, long Limit)
{
    /// <summary>Kind and level as <see cref="Setting.QuotaRefused"/> gives them.</summary>
    public uint Word => (uint)Kind | ((uint)Level << 8);

    /// <summary>The share as <see cref="Setting.QuotaLimit"/> gives it.</summary>
    public uint LimitWord => (uint)Math.Clamp(Limit, 0, uint.MaxValue);
}
