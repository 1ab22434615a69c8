using System.Diagnostics;

namespace Kbus.Bench.Peers;

/// <summary>The names of POSIX message queues, which would outlive the processes that made them.</summary>
/// <param name="commonPart">What their names begin with.</param>
internal sealed class QueueNames(string commonPart) : IDisposable
{
    /// <summary>What their names begin with.</summary>
    public string CommonPart => commonPart;

    /// <summary>Takes them away.</summary>
    public void Dispose()
    {
        using Process clean = Process.Start(new ProcessStartInfo(NativeClients.PathOf("mq"), ["clean", commonPart]) { RedirectStandardOutput = true })!;
        clean.WaitForExit();
    }
}
