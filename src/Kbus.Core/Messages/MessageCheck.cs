using System.Runtime.CompilerServices;

namespace Kbus.Core;

/// <summary>The checks that a message passes on its way in, in the order in which the original makes them.</summary>
/// <remarks>Source: spec sections 2.3 and 3.5. Nothing else in a header is checked: to, from, ids and other flags are free.</remarks>
internal static class MessageCheck
{
    /// <summary>Checks a complete header, of either form.</summary>
    /// <param name="header">The header as written.</param>
    /// <param name="maxMessageSize">Greatest entire length allowed, in bytes.</param>
    /// <returns>None, EINVAL, ENAMETOOLONG or EMSGSIZE.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Errno Header(in MessageHeader header, uint maxMessageSize)
    {
        if (header.StartGuard != MessageHeader.StartGuardValue || header.EndGuard != MessageHeader.EndGuardValue || header.NameLength == 0)
        {
            return Errno.EINVAL;
        }

        if (header.NameLength > MessageName.MaxLength)
        {
            return Errno.ENAMETOOLONG;
        }

        return (header.NamePointer | header.DataPointer) != 0 && !DoPointersAgree(header)
            ? Errno.EINVAL
            : Parts(header.Flags, header.NameLength, header.DataLength, maxMessageSize);
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

    private static bool DoPointersAgree(in MessageHeader header)
    {
        bool dataMissing = header.NamePointer != 0 && header.DataPointer == 0 && header.DataLength != 0;
        bool dataUnnamed = header.NamePointer == 0 && header.DataPointer != 0;
        bool dataEmpty = header.DataLength == 0 && header.DataPointer != 0;
        return !dataMissing && !dataUnnamed && !dataEmpty;
    }
}
