using System.Runtime.InteropServices;

namespace Kbus.Native;

/// <summary>Making messages, taking them apart, and freeing them. All are blocks of <c>malloc</c>, so that <c>free</c> frees them.</summary>
internal static unsafe class Making
{
    /// <summary><c>kbus_msg_create</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_msg_create")]
    public static int Create(NativeMessage** message, byte* name, uint nameLength, byte* data, uint dataLength, MessageFlags flags) =>
        Pointy(message, default, name, nameLength, data, dataLength, flags);

    /// <summary><c>kbus_msg_create_entire</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_msg_create_entire")]
    public static int CreateEntire(NativeMessage** message, byte* name, uint nameLength, byte* data, uint dataLength, MessageFlags flags) =>
        Entire(message, default, name, nameLength, data, dataLength, flags);

    /// <summary><c>kbus_msg_create_request</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_msg_create_request")]
    public static int CreateRequest(NativeMessage** message, byte* name, uint nameLength, byte* data, uint dataLength, MessageFlags flags) =>
        Pointy(message, default, name, nameLength, data, dataLength, flags | MessageFlags.WantAReply);

    /// <summary><c>kbus_msg_create_entire_request</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_msg_create_entire_request")]
    public static int CreateEntireRequest(
        NativeMessage** message, byte* name, uint nameLength, byte* data, uint dataLength, MessageFlags flags) =>
        Entire(message, default, name, nameLength, data, dataLength, flags | MessageFlags.WantAReply);

    /// <summary><c>kbus_msg_create_reply_to</c>: the Reply has the Request's name, where that lies.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_msg_create_reply_to")]
    public static int CreateReplyTo(NativeMessage** message, NativeMessage* request, byte* data, uint dataLength, MessageFlags flags)
    {
        *message = null;
        return TryReplyFields(request, out NativeMessage fields)
            ? Pointy(message, fields, NativeMessage.Name(request), request->NameLength, data, dataLength, flags)
            : NoReplyTo(request);
    }

    /// <summary><c>kbus_msg_create_entire_reply_to</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_msg_create_entire_reply_to")]
    public static int CreateEntireReplyTo(NativeMessage** message, NativeMessage* request, byte* data, uint dataLength, MessageFlags flags)
    {
        *message = null;
        return TryReplyFields(request, out NativeMessage fields)
            ? Entire(message, fields, NativeMessage.Name(request), request->NameLength, data, dataLength, flags)
            : NoReplyTo(request);
    }

    /// <summary><c>kbus_msg_create_stateful_request</c>; with WANT_A_REPLY (D16).</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_msg_create_stateful_request")]
    public static int CreateStateful(
        NativeMessage** message, NativeMessage* earlier, byte* name, uint nameLength, byte* data, uint dataLength, MessageFlags flags)
    {
        *message = null;
        return TryStatefulFields(earlier, out NativeMessage fields)
            ? Pointy(message, fields, name, nameLength, data, dataLength, flags | MessageFlags.WantAReply)
            : NoRequestAfter(earlier);
    }

    /// <summary><c>kbus_msg_create_entire_stateful_request</c>; with WANT_A_REPLY (D16).</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_msg_create_entire_stateful_request")]
    public static int CreateEntireStateful(
        NativeMessage** message, NativeMessage* earlier, byte* name, uint nameLength, byte* data, uint dataLength, MessageFlags flags)
    {
        *message = null;
        return TryStatefulFields(earlier, out NativeMessage fields)
            ? Entire(message, fields, name, nameLength, data, dataLength, flags | MessageFlags.WantAReply)
            : NoRequestAfter(earlier);
    }

    /// <summary><c>kbus_msg_delete_all</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_msg_delete_all")]
    public static void DeleteAll(NativeMessage** message)
    {
        if (message != null && *message != null)
        {
            if ((*message)->IsPointy)
            {
                CallersMemory.Free((*message)->NamePointer);
                CallersMemory.Free((*message)->DataPointer);
            }

            CallersMemory.Free(*message);
            *message = null;
        }
    }

    /// <summary><c>kbus_msg_sizeof</c> (D16).</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_msg_sizeof")]
    public static int SizeOf(NativeMessage* message) =>
        message->IsPointy ? NativeMessage.Size : (int)Math.Min(message->EntireLength, int.MaxValue);

    /// <summary><c>kbus_msg_split_bind_event</c>.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_msg_split_bind_event")]
    public static int SplitBindEvent(NativeMessage* message, uint* isBind, uint* binder, byte** name)
    {
        *name = null;
        if (!BindEventData.TryRead(NativeMessage.DataBytes(message), out BindEventData data, out ReadOnlySpan<byte> bound))
        {
            return Failure.Of(Errno.EBADMSG, "read", "data", $"The data of {CalledName(message)} are not those of a replier bind event.");
        }

        byte* copy = TryAllocate(bound.Length + 1L);
        if (copy == null)
        {
            return Failure.Of(Errno.ENOMEM, "open");
        }

        bound.CopyTo(new Span<byte>(copy, bound.Length));
        *isBind = data.IsBind;
        *binder = data.Binder;
        *name = copy;
        return 0;
    }

    /// <summary>A zeroed block of <c>malloc</c>, which is the caller's; null if there is no memory.</summary>
    public static byte* TryAllocate(long length) => (byte*)CallersMemory.Allocate((nuint)length);

    private static string CalledName(NativeMessage* message) => Refusals.Printable(NativeMessage.NameBytes(message));

    private static int NoReplyTo(NativeMessage* request) => Failure.Of(
        Errno.EBADMSG, "make", "answer", $"{CalledName(request)} is not a Request for this program to reply to: it does not have both WANT_A_REPLY and WANT_YOU_TO_REPLY.");

    private static int NoRequestAfter(NativeMessage* earlier) => Failure.Of(
        Errno.EBADMSG, "make", "answer", $"{CalledName(earlier)} is neither a Reply nor a stateful Request, so no Ksock is known that a stateful Request could go to.");

    private static int Incomplete(byte* name) => Failure.Of(
        Errno.EINVAL, "make", "message", name == null ? "The message has no name: the pointer to it is NULL." : "The pointer to the data is NULL though their length is not 0, or a length is out of all bounds.");

    private static bool TryReplyFields(NativeMessage* request, out NativeMessage fields)
    {
        const MessageFlags ours = MessageFlags.WantAReply | MessageFlags.WantYouToReply;
        fields = new NativeMessage { To = request->From, InReplyTo = request->Id };
        return (request->Flags & ours) == ours;
    }

    private static bool TryStatefulFields(NativeMessage* earlier, out NativeMessage fields)
    {
        fields = earlier->IsReply
            ? new NativeMessage { To = earlier->From, FinalTo = earlier->OrigFrom }
            : new NativeMessage { To = earlier->To, FinalTo = earlier->FinalTo };
        return earlier->IsReply || (earlier->IsRequest && earlier->To != 0);
    }

    private static int Pointy(
        NativeMessage** message, in NativeMessage fields, byte* name, uint nameLength, byte* data, uint dataLength, MessageFlags flags)
    {
        *message = null;
        if (name == null || (data == null && dataLength != 0))
        {
            return Incomplete(name);
        }

        var made = (NativeMessage*)TryAllocate(NativeMessage.Size);
        if (made == null)
        {
            return Failure.Of(Errno.ENOMEM, "open");
        }

        FillIn(made, fields, nameLength, dataLength, flags);
        made->NamePointer = name;
        made->DataPointer = dataLength == 0 ? null : data;
        *message = made;
        return 0;
    }

    /// <summary>Makes an entire message with fields beside those that every function sets.</summary>
    public static int Entire(
        NativeMessage** message, in NativeMessage fields, byte* name, uint nameLength, byte* data, uint dataLength, MessageFlags flags)
    {
        *message = null;
        if (name == null || (data == null && dataLength != 0) || nameLength > int.MaxValue || dataLength > int.MaxValue)
        {
            return Incomplete(name);
        }

        long length = NativeMessage.EntireLengthOf(nameLength, dataLength);
        byte* made = TryAllocate(length);
        if (made == null)
        {
            return Failure.Of(Errno.ENOMEM, "open");
        }

        var header = (NativeMessage*)made;
        FillIn(header, fields, nameLength, dataLength, flags);
        new ReadOnlySpan<byte>(name, (int)nameLength).CopyTo(new Span<byte>(made + NativeMessage.Size, (int)nameLength));
        new ReadOnlySpan<byte>(data, (int)dataLength).CopyTo(
            new Span<byte>(made + NativeMessage.Size + header->PaddedNameLength, (int)dataLength));
        *(uint*)(made + length - sizeof(uint)) = NativeMessage.EndGuardValue;
        *message = header;
        return 0;
    }

    private static void FillIn(NativeMessage* made, in NativeMessage fields, uint nameLength, uint dataLength, MessageFlags flags)
    {
        *made = fields;
        made->StartGuard = NativeMessage.StartGuardValue;
        made->EndGuard = NativeMessage.EndGuardValue;
        made->Flags = flags;
        made->NameLength = nameLength;
        made->DataLength = dataLength;
    }
}
