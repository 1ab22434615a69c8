using System.Runtime.InteropServices;

namespace Kbus.Linux;

/// <summary>One descriptor in a call of poll.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollEntry
{
    /// <summary>The descriptor; a negative one is passed over.</summary>
    public int Descriptor;

    /// <summary>What is asked for.</summary>
    public short Events;

    /// <summary>What is reported.</summary>
    public short Reported;
}
