using System.Runtime.InteropServices;

namespace Kbus.Native;

/// <summary>What became of one message of several: <c>struct kbus_send_result</c> of <c>kbus.h</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SendResult
{
    /// <summary>The message's id, if it was sent or waits.</summary>
    public MessageId Id;

    /// <summary>0, or a negative errno.</summary>
    public int Error;
}
