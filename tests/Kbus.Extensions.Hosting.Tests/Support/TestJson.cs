using System.Text.Json.Serialization;

namespace Kbus.Hosting.Tests;

/// <summary>A question.</summary>
internal sealed record Question(string City);

/// <summary>An answer.</summary>
internal sealed record Weather(string City, double Celsius);

[JsonSerializable(typeof(Question))]
[JsonSerializable(typeof(Weather))]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(int?))]
internal sealed partial class TestJson : JsonSerializerContext;
