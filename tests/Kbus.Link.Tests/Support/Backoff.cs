using Kbus.Linux;

namespace Kbus.Link.Tests;

/// <summary>Looks again at once for a while, so that two threads really race, and lets others run when that goes on for long.</summary>
internal struct Backoff
{
    private int _looks;

    public void Once()
    {
        if (++_looks % 2000 == 0)
        {
            LibC.YieldProcessor();
        }
    }
}
