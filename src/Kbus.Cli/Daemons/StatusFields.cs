using System.Text.Json;

namespace Kbus.Cli;

/// <summary>Reads fields of a status document that may not be there.</summary>
internal static class StatusFields
{
    /// <summary>A text; empty if it is not there.</summary>
    public static string Text(this JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) ? value.GetString() ?? "" : "";

    /// <summary>A whole number; 0 if it is not there.</summary>
    public static long Number(this JsonElement element, string name) => element.TryGetProperty(name, out JsonElement value) ? value.GetInt64() : 0;

    /// <summary>Yes or no; no if it is not there.</summary>
    public static bool Flag(this JsonElement element, string name) => element.TryGetProperty(name, out JsonElement value) && value.GetBoolean();

    /// <summary>The entries of a list; none if it is not there.</summary>
    public static IEnumerable<JsonElement> Items(this JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) ? value.EnumerateArray() : [];
}
