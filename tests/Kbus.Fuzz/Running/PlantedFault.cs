using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Kbus.Fuzz;

/// <summary>Plants a fault in a copy of an assembly: a few bytes of a method's code are replaced by others.</summary>
internal static class PlantedFault
{
    /// <summary>Changes a method.</summary>
    /// <param name="assembly">The file, which is changed.</param>
    /// <param name="type">The name of the type.</param>
    /// <param name="method">The name of the method; the type has one of it.</param>
    /// <param name="was">What stands in its code. If it does so more than once, the first is meant.</param>
    /// <param name="becomes">What stands there afterwards: as many bytes.</param>
    /// <exception cref="InvalidOperationException">The code has no such place.</exception>
    public static void Plant(string assembly, string type, string method, byte[] was, byte[] becomes)
    {
        byte[] file = File.ReadAllBytes(assembly);
        byte[] code = CodeOf(file, type, method);
        int begins = file.AsSpan().IndexOf(code);
        int place = code.AsSpan().IndexOf(was);
        if (was.Length != becomes.Length || place < 0 || file.AsSpan(begins + 1).IndexOf(code) >= 0)
        {
            throw new InvalidOperationException($"{type}.{method} has no place for this fault: {Convert.ToHexString(code)}");
        }

        becomes.CopyTo(file, begins + place);
        File.WriteAllBytes(assembly, file);
    }

    private static byte[] CodeOf(byte[] file, string type, string method)
    {
        using var reader = new PEReader(new MemoryStream(file));
        MetadataReader metadata = reader.GetMetadataReader();
        TypeDefinition definition = metadata.TypeDefinitions.Select(metadata.GetTypeDefinition).Single(t => metadata.GetString(t.Name) == type);
        MethodDefinition found = definition.GetMethods().Select(metadata.GetMethodDefinition).Single(m => metadata.GetString(m.Name) == method);
        return reader.GetMethodBody(found.RelativeVirtualAddress).GetILBytes()!;
    }
}
