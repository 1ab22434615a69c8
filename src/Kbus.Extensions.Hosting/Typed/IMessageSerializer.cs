using System.Buffers;

namespace Kbus.Hosting;

/// <summary>Makes values the data of messages, and the data of messages values. One object serves all threads.</summary>
public interface IMessageSerializer
{
    /// <summary>Writes a value as the data of a message.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="value">The value.</param>
    /// <typeparam name="T">Its type.</typeparam>
    /// <exception cref="NotSupportedException">The serializer does not know the type.</exception>
    void Write<T>(IBufferWriter<byte> output, T value);

    /// <summary>Reads a value from the data of a message.</summary>
    /// <param name="data">The data; it is valid during the call only.</param>
    /// <typeparam name="T">The type of the value.</typeparam>
    /// <returns>The value; not null, except for a type that allows it.</returns>
    /// <exception cref="FormatException">The data is not such a value.</exception>
    /// <exception cref="NotSupportedException">The serializer does not know the type.</exception>
    T Read<T>(ReadOnlySpan<byte> data);
}
