namespace Kbus.Link;

/// <summary>How messages of different sizes travel over a link.</summary>
internal static class MessageSizes
{
    /// <summary>The longest entire message that goes through the rings; a longer one is placed in a payload area.</summary>
    /// <remarks>Below this a copy in cache costs less than mapping and giving back; the rings hold several of the longest.</remarks>
    public const int LargestInline = 32 * 1024;

    /// <summary>Data bytes of a big message that go with one command.</summary>
    public const int PartLength = 32 * 1024;
}
