using System.Diagnostics;

namespace Kbus.Bench.Peers;

/// <summary>The C clients: compiled into artifacts/peers when they are older than their source.</summary>
internal static class NativeClients
{
    private static readonly string Sources = Path.Combine(Checkout.Root, "benchmarks", "peers");
    private static readonly string Programs = Path.Combine(Checkout.Root, "artifacts", "peers");

    /// <summary>What a C compiler needs to be there.</summary>
    public static IReadOnlyList<Need> Needs { get; } = [new("/usr/bin/gcc", "gcc"), new("/usr/include/stdio.h", "libc6-dev")];

    /// <summary>What links a client with the C library that <c>./bench</c> has compiled.</summary>
    public static IReadOnlyList<string> LibKbus { get; } = [$"-I{Made("include")}", $"-L{Made("lib")}", "-lkbus", $"-Wl,-rpath,{Made("lib")}"];

    /// <summary>Where a compiled client is.</summary>
    public static string PathOf(string client) => Path.Combine(Programs, client);

    /// <summary>Compiles a peer's client if need be.</summary>
    /// <exception cref="PeerException">It does not compile.</exception>
    public static void Compile(Peer peer)
    {
        string source = Path.Combine(Sources, peer.Client + ".c"), program = PathOf(peer.Client);
        DateTime changed = new[] { source, Path.Combine(Sources, "peer.h") }.Max(File.GetLastWriteTimeUtc);
        if (File.Exists(program) && File.GetLastWriteTimeUtc(program) > changed)
        {
            return;
        }

        Directory.CreateDirectory(Programs);
        var start = new ProcessStartInfo("gcc", ["-std=gnu11", "-O2", "-Wall", "-Wextra", source, "-o", program, .. peer.Libraries])
        {
            RedirectStandardError = true,
        };
        using Process gcc = Process.Start(start)!;
        string complaints = gcc.StandardError.ReadToEnd();
        gcc.WaitForExit();
        if (gcc.ExitCode != 0)
        {
            throw new PeerException($"its client does not compile: {complaints.Split('\n')[0]}");
        }
    }

    private static string Made(string part) => Path.Combine(Checkout.Root, "artifacts", "libkbus", part);
}
