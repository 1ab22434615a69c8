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

        const MessageFlags both = MessageFlags.AllOrWait | MessageFlags.AllOrFail;
        if (((header.NamePointer | header.DataPointer) != 0 && !DoPointersAgree(header)) || (header.Flags & both) == both)
        {
            return Errno.EINVAL;
        }

        return header.EntireLength > maxMessageSize ? Errno.EMSGSIZE : Errno.None;
    }

    private static bool DoPointersAgree(in MessageHeader header)
    {
        bool dataMissing = header.NamePointer != 0 && header.DataPointer == 0 && header.DataLength != 0;
        bool dataUnnamed = header.NamePointer == 0 && header.DataPointer != 0;
        bool dataEmpty = header.DataLength == 0 && header.DataPointer != 0;
        return !dataMissing && !dataUnnamed && !dataEmpty;
    }
}
