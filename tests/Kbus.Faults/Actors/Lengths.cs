namespace Kbus.Faults;

/// <summary>Lengths of data, mostly short, with all powers of two up to the longest about as likely.</summary>
internal static class Lengths
{
    public static int Next(Random random, int longest)
    {
        int most = (int)Math.Min(longest, Math.Pow(2, random.Next(5, (int)Math.Log2(longest) + 2)));
        return random.Next(Content.Least, most + 1);
    }
}
