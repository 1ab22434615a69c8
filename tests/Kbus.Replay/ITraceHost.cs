namespace Kbus.Replay;

/// <summary>A freshly started bus system that a trace is played on, at the bare level: one call is one operation of KBUS.</summary>
/// <remarks>
/// Handles are small integers chosen by the trace; <see cref="Open"/> creates one, <see cref="Close"/> ends it, and it may come again.
/// No call blocks, and none is made twice. Disposing closes what is still open and ends the system. One thread calls.
/// </remarks>
internal interface ITraceHost : IDisposable
{
    /// <summary>Whether a write of no bytes reaches the bus. If not, such operations are not played (D21).</summary>
    bool CanWriteNothing => true;

    /// <summary>Opens bus number <paramref name="bus"/>; the mode is <c>r</c>, <c>w</c> or <c>rw</c>. Gives the Ksock id, asked right after opening.</summary>
    HostResult<uint> Open(int handle, uint bus, string mode);

    /// <summary>Closes the handle.</summary>
    Errno Close(int handle);

    /// <summary>BIND. <paramref name="replier"/> is the number given to the call: 0 is a listener, anything else a replier.</summary>
    Errno Bind(int handle, byte[] name, uint replier);

    /// <summary>UNBIND; <paramref name="replier"/> as in <see cref="Bind"/>.</summary>
    Errno Unbind(int handle, byte[] name, uint replier);

    /// <summary>KSOCKID.</summary>
    HostResult<uint> KsockId(int handle);

    /// <summary>REPLIER: who is bound as replier with exactly this string.</summary>
    HostResult<FoundReplier> FindReplier(int handle, byte[] name);

    /// <summary>One write() of these very bytes, maybe none. Gives the number accepted.</summary>
    HostResult<int> Write(int handle, byte[] bytes);

    /// <summary>
    /// One write() of the 88-byte header with pointers to the name (NUL-terminated) and the data in the caller's memory, which stays
    /// valid until the message is sent or discarded; no data is a null data pointer. Gives the number of bytes accepted.
    /// </summary>
    HostResult<int> WritePointy(int handle, TraceMessage message);

    /// <summary>SEND.</summary>
    SendResult Send(int handle);

    /// <summary>DISCARD.</summary>
    Errno Discard(int handle);

    /// <summary>RESET.</summary>
    Errno Reset(int handle);

    /// <summary>NEXTMSG.</summary>
    HostResult<NextMessage> NextMsg(int handle);

    /// <summary>One read() of up to <paramref name="count"/> bytes.</summary>
    HostResult<byte[]> Read(int handle, int count);

    /// <summary>LENLEFT.</summary>
    HostResult<uint> LenLeft(int handle);

    /// <summary>LASTSENT.</summary>
    HostResult<MessageId> LastSent(int handle);

    /// <summary>NUMMSGS.</summary>
    HostResult<uint> NumMsgs(int handle);

    /// <summary>UNREPLIEDTO.</summary>
    HostResult<uint> UnrepliedTo(int handle);

    /// <summary>MAXMSGS: 0 asks.</summary>
    HostResult<uint> MaxMsgs(int handle, uint value);

    /// <summary>MSGONLYONCE: 0, 1, or 0xFFFFFFFF to ask. Gives the previous value.</summary>
    HostResult<uint> OnlyOnce(int handle, uint value);

    /// <summary>REPORTREPLIERBINDS: likewise.</summary>
    HostResult<uint> ReportBinds(int handle, uint value);

    /// <summary>VERBOSE: likewise.</summary>
    HostResult<uint> Verbose(int handle, uint value);

    /// <summary>MAXMSGSIZE: 0 asks for the one in force, 1 for the absolute maximum.</summary>
    HostResult<uint> MaxMsgSize(int handle, uint value);

    /// <summary>NEWDEVICE. Gives the number of the new bus.</summary>
    HostResult<uint> NewDevice(int handle);

    /// <summary>One poll for reading and writing of this handle alone, without waiting. It retries a waiting message.</summary>
    HostResult<Readiness> Poll(int handle);

    /// <summary>The bindings of all buses, bus by bus, newest first.</summary>
    HostResult<IReadOnlyList<BindingLine>> ProcBindings();
}
