namespace Kbus.Link;

/// <summary>A part of a payload area.</summary>
/// <param name="Offset">Where it begins, in bytes; a multiple of <see cref="ExtentAllocator.Granularity"/>.</param>
/// <param name="Length">Its bytes; a multiple of <see cref="ExtentAllocator.Granularity"/>.</param>
internal readonly record struct PayloadExtent(long Offset, long Length);
