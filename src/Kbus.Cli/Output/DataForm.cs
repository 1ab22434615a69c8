namespace Kbus.Cli;

/// <summary>How the data of a message stands in a line of JSON (<c>--data</c>).</summary>
internal enum DataForm
{
    /// <summary>As a text if all of it is printable text, else in hexadecimal.</summary>
    Auto,

    /// <summary>As a text if it is UTF-8, else in hexadecimal.</summary>
    Text,

    /// <summary>In lower-case hexadecimal.</summary>
    Hex,

    /// <summary>In Base64.</summary>
    Base64,

    /// <summary>As the JSON value that it is, else as <see cref="Auto"/>.</summary>
    Json,
}
