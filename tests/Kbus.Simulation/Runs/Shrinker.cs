namespace Kbus.Simulation;

/// <summary>Leaves steps out of a scenario that fails as long as it goes on failing in the same promise.</summary>
internal static class Shrinker
{
    private const int MostTrials = 4000;

    /// <summary>The shortest scenario that was found.</summary>
    /// <param name="failing">One that fails.</param>
    /// <param name="fault">Plays a scenario and says in which promise it fails; null if it does not.</param>
    public static Scenario Shrink(Scenario failing, Func<Scenario, string?> fault)
    {
        string? wanted = fault(failing);
        Scenario best = failing;
        int trials = 0;
        for (int size = Math.Max(1, best.Steps.Count / 2); size > 0 && trials < MostTrials; size = size > 1 ? size / 2 : 0)
        {
            bool any;
            do
            {
                any = false;
                for (int at = best.Steps.Count - size; at >= 0 && trials < MostTrials; at = Math.Min(at - size, best.Steps.Count - size))
                {
                    Scenario shorter = best with { Steps = [.. best.Steps.Take(at), .. best.Steps.Skip(at + size)] };
                    trials++;
                    if (fault(shorter) == wanted)
                    {
                        best = shorter;
                        any = true;
                    }
                }
            }
            while (any && size == 1);
        }

        // What need not happen inside a round happens outside.
        for (int i = 0; i < best.Steps.Count && trials < MostTrials; i++)
        {
            if (best.Steps[i].Moment != 0)
            {
                List<Step> steps = [.. best.Steps];
                steps[i] = steps[i] with { Moment = 0 };
                Scenario simpler = best with { Steps = steps };
                trials++;
                best = fault(simpler) == wanted ? simpler : best;
            }
        }

        return best;
    }
}
