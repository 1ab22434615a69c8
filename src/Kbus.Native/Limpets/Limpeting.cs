using System.Runtime.InteropServices;
using System.Text;
using Kbus.Limpets;

namespace Kbus.Native;

/// <summary>The functions of <c>limpet.h</c>. Source: spec section 11.3, with D17.</summary>
internal static unsafe class Limpeting
{
    private const int ShortestName = 3;
    private const int HeaderWords = 16;
    private const string NoPlace = "There is no place for an answer to the peer: the pointer to it is NULL.";

    private enum Result
    {
        Forward = 0,
        Ignore = 1,
        Answer = 2,
    }

    /// <summary><c>kbus_serialise_message_header</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_serialise_message_header")]
    public static void Serialise(byte* message, uint* words)
    {
        if (message != null && words != null)
        {
            BareHeader.Serialise(message, new Span<uint>(words, HeaderWords));
        }
    }

    /// <summary><c>kbus_unserialise_message_header</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_unserialise_message_header")]
    public static void Unserialise(uint* words, byte* message)
    {
        if (message != null && words != null)
        {
            BareHeader.Unserialise(new Span<uint>(words, HeaderWords), message);
        }
    }

    /// <summary><c>kbus_limpet_ReplierBindEvent_hton</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_limpet_ReplierBindEvent_hton")]
    public static void BindEventToWire(NativeMessage* message) => TurnBindEvent(message);

    /// <summary><c>kbus_limpet_ReplierBindEvent_ntoh</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_limpet_ReplierBindEvent_ntoh")]
    public static void BindEventFromWire(NativeMessage* message) => TurnBindEvent(message);

    /// <summary><c>kbus_limpet_new_context</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_limpet_new_context")]
    public static int New(int ksock, uint networkId, uint peerId, byte* name, uint verbosity, nint** context)
    {
        _ = verbosity;
        if (context == null)
        {
            return Failure.Of(Errno.EINVAL, "limpet", "value", "There is no place for the context: the pointer to it is NULL.");
        }

        *context = null;
        try
        {
            ReadOnlySpan<byte> bytes = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name);
            if (bytes.Length < ShortestName)
            {
                return Failure.Of(Errno.EBADMSG, "bind", "name", "The name that the Limpet is to listen to is shorter than 3 characters.");
            }

            Errno error = LimpetContext.Make(ksock, networkId, peerId, Encoding.Latin1.GetString(bytes), out nint* made);
            *context = made;
            return error == Errno.EBADF ? Failure.NoKsock(ksock) : Failure.Of(error, "limpet");
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_limpet_set_verbosity</c>: there is nothing that this library would say.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_limpet_set_verbosity")]
    public static void SetVerbosity(nint* context, uint verbosity)
    {
        _ = context;
        _ = verbosity;
    }

    /// <summary><c>kbus_limpet_free_context</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_limpet_free_context")]
    public static void Free(nint** context)
    {
        if (context != null && *context != null)
        {
            LimpetContext.Free(*context);
            *context = null;
        }
    }

    /// <summary><c>kbus_limpet_amend_msg_from_kbus</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_limpet_amend_msg_from_kbus")]
    public static int FromBus(nint* block, NativeMessage* message)
    {
        try
        {
            if (!TryOpen(block, message, out BareLimpet? limpet, out int failure))
            {
                return failure;
            }

            Errno error = limpet!.FromBus((byte*)message, NativeMessage.NameBytes(message), NativeMessage.DataBytes(message), out bool isCarried);
            return Carried(error, isCarried);
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_limpet_amend_msg_to_kbus</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_limpet_amend_msg_to_kbus")]
    public static int ToBus(nint* block, NativeMessage* message, NativeMessage** answer)
    {
        if (answer == null)
        {
            return Failure.Of(Errno.EINVAL, "limpet", "value", NoPlace);
        }

        *answer = null;
        try
        {
            if (!TryOpen(block, message, out BareLimpet? limpet, out int failure))
            {
                return failure;
            }

            Errno error = limpet!.FromPeer(
                (byte*)message, NativeMessage.NameBytes(message), NativeMessage.DataBytes(message), out bool isCarried, out LimpetAnswer? made);
            return made is { } toPeer
                ? Make(toPeer, answer, Result.Answer)
                : Carried(error, isCarried);
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary><c>kbus_limpet_could_not_send_to_kbus_msg</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_limpet_could_not_send_to_kbus_msg")]
    public static int CouldNotSend(nint* block, NativeMessage* message, int error, NativeMessage** answer)
    {
        if (answer == null || error is 0 or int.MinValue)
        {
            return Failure.Of(Errno.EINVAL, "limpet", "value", answer == null ? NoPlace : $"{error} is no errno.");
        }

        *answer = null;
        try
        {
            if (!TryOpen(block, message, out BareLimpet? limpet, out int failure))
            {
                return failure;
            }

            return limpet!.CouldNotSend((byte*)message, (Errno)Math.Abs(error)) is { } toPeer
                ? Make(toPeer, answer, Result.Forward)
                : (int)Result.Ignore;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    private static int Carried(Errno error, bool isCarried) =>
        error == Errno.None ? (int)(isCarried ? Result.Forward : Result.Ignore) : Failure.Of(error, "limpet", error == Errno.EBADMSG ? "data" : null);

    private static bool TryOpen(nint* block, NativeMessage* message, out BareLimpet? limpet, out int failure)
    {
        LimpetContext? context = block == null ? null : LimpetContext.Of(block);
        limpet = context?.Limpet;
        failure = context is null || message == null
            ? Failure.Of(Errno.EINVAL, "limpet", "value", "The context or the message is NULL.")
            : context.IsOpen ? 0 : Failure.Of(Errno.EBADF, "limpet", "closed", "The Ksock of this Limpet is closed.");
        return failure == 0;
    }

    private static int Make(in LimpetAnswer answer, NativeMessage** message, Result result)
    {
        fixed (byte* name = answer.Name)
        {
            var fields = new NativeMessage { To = answer.To, InReplyTo = answer.InReplyTo };
            int failure = Making.Entire(message, fields, name, (uint)answer.Name.Length, null, 0, MessageFlags.None);
            return failure == 0 ? (int)result : failure;
        }
    }

    private static void TurnBindEvent(NativeMessage* message)
    {
        if (message != null && NativeMessage.Data(message) != null)
        {
            BareHeader.TurnBindEvent(new Span<byte>(NativeMessage.Data(message), (int)Math.Min(message->DataLength, int.MaxValue)));
        }
    }
}
