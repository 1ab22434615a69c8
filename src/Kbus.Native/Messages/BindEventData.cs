using System.Runtime.InteropServices;

namespace Kbus.Native;

/// <summary>The data of a <c>$.KBUS.ReplierBindEvent</c>: <c>struct kbus_replier_bind_event_data</c>. Source: spec section 6.5.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct BindEventData
{
    /// <summary>1 if somebody has bound, 0 if unbound.</summary>
    public readonly uint IsBind;

    /// <summary>The Ksock that did it.</summary>
    public readonly uint Binder;
    private readonly uint _nameLength;

    /// <summary>Reads it. False if it is too short for what it says.</summary>
    /// <param name="bytes">The data of a message.</param>
    /// <param name="data">What it says.</param>
    /// <param name="name">The name that was bound.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out BindEventData data, out ReadOnlySpan<byte> name)
    {
        name = default;
        if (!MemoryMarshal.TryRead(bytes, out data))
        {
            return false;
        }

        ReadOnlySpan<byte> rest = bytes[(3 * sizeof(uint))..];
        bool fits = data._nameLength <= (uint)rest.Length;
        name = fits ? rest[..(int)data._nameLength] : default;
        return fits;
    }
}
