namespace Kbus.Core;

/// <summary>The parts of an entire message, in their order. Spec section 9.2.</summary>
internal enum MessagePart
{
    /// <summary>The header.</summary>
    Header,

    /// <summary>The name.</summary>
    Name,

    /// <summary>The name's padding, at least one byte.</summary>
    NamePadding,

    /// <summary>The data.</summary>
    Data,

    /// <summary>The data's padding.</summary>
    DataPadding,

    /// <summary>The guard at the end.</summary>
    FinalGuard,
}
