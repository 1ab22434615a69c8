namespace Kbus.Cli;

/// <summary>The form of a message's data in a line of JSON (<c>--data</c>).</summary>
internal enum DataForm
{
    /// <summary>As a text if all of it is printable text, otherwise in hexadecimal.</summary>
    Auto,

    /// <summary>As a text if it is UTF-8, otherwise in hexadecimal.</summary>
    Text,

    /// <summary>In lower-case hexadecimal.</summary>
    Hex,

    /// <summary>In Base64.</summary>
    Base64,

    /// <summary>As the JSON value that it is, otherwise as <see cref="Auto"/>.</summary>
    Json,
}
