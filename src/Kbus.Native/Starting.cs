using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Kbus.Native;

/// <summary>What the gate in front of managed code (entry/gate.c) calls, beside the functions themselves.</summary>
internal static class Starting
{
    /// <summary>Called once, before anything else: the runtime starts in order to come here.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_start", CallConvs = [typeof(CallConvCdecl)])]
    public static void Start()
    {
    }

    /// <summary>Called first in a forked child that can go on using the library: nothing that was open is its own.</summary>
    [UnmanagedCallersOnly(EntryPoint = "kbusnet_forked", CallConvs = [typeof(CallConvCdecl)])]
    public static void Forked() => OpenKsocks.Forget();
}
