using System.Runtime.CompilerServices;

namespace Kbus.Core;

/// <summary>The checks that a message passes on its way in, in the order in which the original makes them.</summary>
/// <remarks>Source: spec sections 2.3 and 3.5. Nothing else in a header is checked: to, from, ids and other flags are free.</remarks>
internal static class MessageCheck
{
    /// <summary>Checks a complete header, of either form.</summary>
    /// <param name="header">The header as written. Each of its words is read once.</param>
    /// <param name="maxMessageSize">Greatest entire length allowed, in bytes.</param>
    /// <returns>None, EINVAL, ENAMETOOLONG or EMSGSIZE.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Errno Header(in MessageHeader header, uint maxMessageSize) =>
        Header(header, header.NameLength, header.DataLength, header.NamePointer, header.DataPointer, maxMessageSize);

    /// <summary>The same when some of its words have been read already, and somebody may be changing them.</summary>
    /// <param name="header">The header; nothing is read that is given besides.</param>
    /// <param name="nameLength">Bytes of its name.</param>
    /// <param name="dataLength">Bytes of its data.</param>
    /// <param name="namePointer">Where its name is; 0 behind the header.</param>
    /// <param name="dataPointer">Where its data are.</param>
    /// <param name="maxMessageSize">Greatest entire length allowed, in bytes.</param>
    /// <returns>None, EINVAL, ENAMETOOLONG or EMSGSIZE.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Errno Header(in MessageHeader header, uint nameLength, uint dataLength, ulong namePointer, ulong dataPointer, uint maxMessageSize)
    {
        if (header.StartGuard != MessageHeader.StartGuardValue || header.EndGuard != MessageHeader.EndGuardValue || nameLength == 0)
        {
            return Errno.EINVAL;
        }

        if (nameLength > MessageName.MaxLength)
        {
            return Errno.ENAMETOOLONG;
        }

        return (namePointer | dataPointer) != 0 && !DoPointersAgree(dataLength, namePointer, dataPointer)
            ? Errno.EINVAL
            : Parts(header.Flags, nameLength, dataLength, maxMessageSize);
    }

    /// <summary>The same for a message that is still in parts, of which guards and pointers are yet to be written.</summary>
    /// <param name="flags">Its flags.</param>
    /// <param name="nameLength">Bytes of its name.</param>
    /// <param name="dataLength">Bytes of its data.</param>
    /// <param name="maxMessageSize">Greatest entire length allowed, in bytes.</param>
    /// <returns>None, EINVAL, ENAMETOOLONG or EMSGSIZE.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Errno Parts(MessageFlags flags, uint nameLength, uint dataLength, uint maxMessageSize)
    {
        if (nameLength == 0)
        {
            return Errno.EINVAL;
        }

        if (nameLength > MessageName.MaxLength)
        {
            return Errno.ENAMETOOLONG;
        }

        const MessageFlags both = MessageFlags.AllOrWait | MessageFlags.AllOrFail;
        if ((flags & both) == both)
        {
            return Errno.EINVAL;
        }

        return MessageLayout.EntireLength(nameLength, dataLength) > maxMessageSize ? Errno.EMSGSIZE : Errno.None;
    }

    private static bool DoPointersAgree(uint dataLength, ulong namePointer, ulong dataPointer)
    {
        bool dataMissing = namePointer != 0 && dataPointer == 0 && dataLength != 0;
        bool dataUnnamed = namePointer == 0 && dataPointer != 0;
        bool dataEmpty = dataLength == 0 && dataPointer != 0;
        return !dataMissing && !dataUnnamed && !dataEmpty;
    }
}
