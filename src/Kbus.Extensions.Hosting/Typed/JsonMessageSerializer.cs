using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Kbus.Hosting;

/// <summary>JSON as the data of messages, by code that System.Text.Json generates for a <see cref="JsonSerializerContext"/>: no reflection.</summary>
public sealed class JsonMessageSerializer : IMessageSerializer
{
    private readonly JsonSerializerContext _context;

    /// <summary>Makes one.</summary>
    /// <param name="context">Knows the types of all messages, each by a <c>[JsonSerializable(typeof(T))]</c>.</param>
    public JsonMessageSerializer(JsonSerializerContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        _context = context;
    }

    /// <inheritdoc/>
    public void Write<T>(IBufferWriter<byte> output, T value)
    {
        using var writer = new Utf8JsonWriter(output);
        JsonSerializer.Serialize(writer, value, TypeOf<T>());
    }

    /// <inheritdoc/>
    public T Read<T>(ReadOnlySpan<byte> data)
    {
        JsonTypeInfo<T> type = TypeOf<T>();
        try
        {
            T? value = JsonSerializer.Deserialize(data, type);
            return value is not null || Nullable.GetUnderlyingType(typeof(T)) is not null
                ? value!
                : throw new FormatException($"The data is null, and no {typeof(T).Name}.");
        }
        catch (JsonException e)
        {
            throw new FormatException($"The data is no {typeof(T).Name} in JSON: {e.Message}", e);
        }
    }

    private JsonTypeInfo<T> TypeOf<T>() =>
        _context.GetTypeInfo(typeof(T)) as JsonTypeInfo<T> ?? throw new NotSupportedException(
            $"{_context.GetType().Name} does not know the type {typeof(T)}. Add [JsonSerializable(typeof({typeof(T).Name}))] to it.");
}
