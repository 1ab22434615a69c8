using System.Text;

namespace Kbus;

/// <summary>Copies of a message with one thing changed. The copy is of the same class; the original stays as it is.</summary>
public static class MessageCopies
{
    /// <summary>A copy that goes to the front of each queue that it enters, or not.</summary>
    /// <param name="message">The message.</param>
    /// <param name="urgent">False for a copy that is not urgent.</param>
    public static T AsUrgent<T>(this T message, bool urgent = true)
        where T : Message
    {
        ArgumentNullException.ThrowIfNull(message);
        return message.WithFlags(urgent ? message.Flags | MessageFlags.Urgent : message.Flags & ~MessageFlags.Urgent);
    }

    /// <summary>A copy with these flags. A Request stays one.</summary>
    /// <param name="message">The message.</param>
    /// <param name="flags">All its flags.</param>
    /// <exception cref="ArgumentException">WANT_A_REPLY is asked for on an announcement.</exception>
    public static T WithFlags<T>(this T message, MessageFlags flags)
        where T : Message
    {
        T copy = CopyOf(message);
        copy.Change(flags);
        return copy;
    }

    /// <summary>A copy with this id. A bus keeps it only if the network id is not 0.</summary>
    /// <param name="message">The message.</param>
    /// <param name="id">The id.</param>
    public static T WithId<T>(this T message, MessageId id)
        where T : Message
    {
        T copy = CopyOf(message);
        copy.Change(id);
        return copy;
    }

    /// <summary>A copy with other data, as text in UTF-8.</summary>
    /// <param name="message">The message.</param>
    /// <param name="text">The data as text; null or empty for none.</param>
    public static T WithData<T>(this T message, string? text)
        where T : Message => message.WithData(string.IsNullOrEmpty(text) ? default(ReadOnlyMemory<byte>) : Encoding.UTF8.GetBytes(text));

    /// <summary>A copy with other data.</summary>
    /// <param name="message">The message.</param>
    /// <param name="data">The data, not copied; empty for none.</param>
    public static T WithData<T>(this T message, ReadOnlyMemory<byte> data)
        where T : Message
    {
        T copy = CopyOf(message);
        copy.Change(data);
        return copy;
    }

    /// <summary>A copy for a certain Ksock; a Request becomes stateful by it.</summary>
    /// <param name="message">The message.</param>
    /// <param name="to">The Ksock's id; 0 for nobody in particular.</param>
    public static T WithTo<T>(this T message, uint to)
        where T : Message
    {
        T copy = CopyOf(message);
        copy.ChangeTo(to);
        return copy;
    }

    /// <summary>A copy that says where it came from first; for Limpets.</summary>
    /// <param name="message">The message.</param>
    /// <param name="origFrom">A Ksock beyond Limpets.</param>
    public static T WithOrigFrom<T>(this T message, OrigFrom origFrom)
        where T : Message
    {
        T copy = CopyOf(message);
        copy.ChangeOrigFrom(origFrom);
        return copy;
    }

    /// <summary>A copy that says where it is to go in the end; for Limpets.</summary>
    /// <param name="message">The message.</param>
    /// <param name="finalTo">A Ksock beyond Limpets.</param>
    public static T WithFinalTo<T>(this T message, OrigFrom finalTo)
        where T : Message
    {
        T copy = CopyOf(message);
        copy.ChangeFinalTo(finalTo);
        return copy;
    }

    private static T CopyOf<T>(T message)
        where T : Message
    {
        ArgumentNullException.ThrowIfNull(message);
        return (T)message.Copy();
    }
}
